"""The class head of libtammes.so, called by its C interface, as head_torch.py's classes are: step(x, y) on tensors."""
import ctypes

import torch


class HeadConfig(ctypes.Structure):  # tam_head_config
    _fields_ = [("loss", ctypes.c_char_p), ("classes", ctypes.c_int64), ("dim", ctypes.c_int), ("batch", ctypes.c_int),
                ("seed", ctypes.c_uint64), ("backend", ctypes.c_char_p), ("dtype", ctypes.c_char_p),
                ("workspace", ctypes.c_size_t), ("sample_rate", ctypes.c_double), ("gradient_filter", ctypes.c_int)]


class HeadUpdate(ctypes.Structure):  # tam_head_update
    _fields_ = [(name, ctypes.c_float) for name in ("lr", "momentum", "weight_decay", "gradient_scale")]


class HeadResult(ctypes.Structure):  # tam_head_result
    _fields_ = [("loss", ctypes.c_double), ("class_loss", ctypes.c_double), ("centre_loss", ctypes.c_double),
                ("mean_theta", ctypes.c_double), ("correct", ctypes.c_int64), ("counted", ctypes.c_int64),
                ("no_pairs", ctypes.c_int), ("classes", ctypes.c_int64), ("tiles", ctypes.c_int64),
                ("tiles_left_out", ctypes.c_int64), ("filter_bound", ctypes.c_double)]


class Tammes:
    def __init__(self, path, weight, batch, loss, update):
        self.tammes = ctypes.CDLL(path)
        self.tammes.tam_ctx_message.restype = ctypes.c_char_p
        self.ctx, self.head = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("tam_ctx_create", None, ctypes.byref(self.ctx))
        self.classes, self.dim = weight.shape
        self.update = HeadUpdate(*update, 1.0)
        config = HeadConfig(loss=loss.encode(), classes=self.classes, dim=self.dim, batch=batch)
        self.call("tam_head_create", self.ctx, ctypes.byref(config), ctypes.byref(self.head))
        self.move_weights("write", weight.contiguous().clone())

    def call(self, name, *arguments):
        status = getattr(self.tammes, name)(*arguments)
        if status != 0:
            raise RuntimeError(f"{name}: status {status}: {self.tammes.tam_ctx_message(self.ctx).decode()}")

    def move_weights(self, verb, weight):
        self.call(f"tam_head_{verb}_weights", self.head, ctypes.c_int64(0), ctypes.c_int64(self.classes),
                  ctypes.c_void_p(weight.data_ptr()))
        return weight

    @property
    def weight(self):
        return self.move_weights("read", torch.empty(self.classes, self.dim))

    def step(self, x, y):
        labels, dx, result = y.to(torch.int32), torch.empty_like(x), HeadResult()
        self.call("tam_head_step", self.head, ctypes.c_int(x.shape[0]), ctypes.c_void_p(x.data_ptr()),
                  ctypes.c_void_p(labels.data_ptr()), ctypes.c_void_p(dx.data_ptr()), None, ctypes.byref(self.update),
                  ctypes.byref(result))
        return result.loss, dx
