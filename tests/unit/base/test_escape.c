#include "support.h"

#include "base/escape.h"

static void check_escape(const char *name, const char *expected) {
    char text[128];
    assert_int_equal(tam_escape(name, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
    size_t length = tam_unescape(text, strlen(text));
    assert_int_equal(length, strlen(name));
    assert_memory_equal(text, name, length);
}

static void names_come_back(void **state) {
    (void)state;
    check_escape("", "");
    check_escape("class/file 1.jpg", "class/file 1.jpg");
    check_escape("a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e");
    check_escape(" # \" ", "\\x20# \"\\x20");
    check_escape("#1", "\\x231");
    check_escape("\"", "\\x22");
    check_escape("\x01\x7f", "\\x01\\x7f");
    check_escape("\\t", "\\\\t");
    check_escape("\xff\xc3\xa4", "\xff\xc3\xa4");
}

static void every_byte_comes_back(void **state) {
    char name[256], text[4 * 256];
    (void)state;
    for (int i = 1; i < 256; i++) {
        name[i - 1] = (char)i;
    }
    name[255] = '\0';
    size_t length = tam_escape(name, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_null(strpbrk(text, "\t\n\r"));
    assert_int_equal(tam_unescape(text, length), 255);
    assert_memory_equal(text, name, 255);
}

static void what_is_no_escape_stays(void **state) {
    (void)state;
    static const char *const texts[] = {"a\\bc", "\\", "a\\", "\\x", "\\x4", "\\xg0", "\\x0g", "\\x00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char copy[16];
        size_t length = strlen(texts[i]);
        memcpy(copy, texts[i], length);
        assert_int_equal(tam_unescape(copy, length), length);
        assert_memory_equal(copy, texts[i], length);
    }
}

static void a_text_without_room_is_cut(void **state) {
    char text[4] = "zzz";
    (void)state;
    assert_int_equal(tam_escape("ab\tc", text, sizeof text), 5);
    assert_string_equal(text, "ab\\");
    assert_int_equal(tam_escape("ab\tc", text, 0), 5);
    assert_string_equal(text, "ab\\");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(what_is_no_escape_stays),
        cmocka_unit_test(a_text_without_room_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
