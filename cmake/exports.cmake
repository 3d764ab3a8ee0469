# Writes the linker's list of what the shared library exports: the functions that the public headers mark TAM_API.
# Hidden visibility alone lets the resolvers of TAM_KERNEL functions through.
function(tam_write_exports file)
  set(names "")
  foreach(header ${ARGN})
    file(READ ${header} text)
    string(REGEX MATCHALL "TAM_API [^;(]*[ *]tam_[a-z0-9_]+\\(" declarations "${text}")
    foreach(declaration ${declarations})
      string(REGEX MATCH "tam_[a-z0-9_]+\\($" name "${declaration}")
      string(REPLACE "(" ";\n" name "${name}")
      string(APPEND names "  ${name}")
    endforeach()
  endforeach()
  file(WRITE ${file}.new "{\nglobal:\n${names}local: *;\n};\n")
  configure_file(${file}.new ${file} COPYONLY) # touched only when it changes
endfunction()
