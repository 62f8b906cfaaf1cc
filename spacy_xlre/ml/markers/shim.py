"""A Hugging Face encoder of one component: loaded at initialisation, stored whole, weights as safetensors."""

import tempfile
from contextlib import contextmanager, nullcontext
from typing import Any, Callable, ContextManager, Dict, Iterator, Tuple

import srsly
from thinc.api import (
    ArgsKwargs,
    NumpyOps,
    PyTorchGradScaler,
    PyTorchShim,
    get_current_ops,
    get_torch_default_device,
    xp2torch,
)

from ...encoder.loading import load_pretrained
from ..align.holder import read_files, write_files
from ..precision import MixedPrecision, is_fast_at_bfloat16


class EncoderShim(PyTorchShim):
    """An encoder and its tokenizer between Thinc and torch.

    name (str): A Hugging Face folder or hub name, which `load` reads. A stored encoder needs it no more.
    tokenizer_config, transformer_config (Dict[str, Any]): Settings for loading them.
    mixed_precision (Union[bool, str]): Whether to compute in half precision on a GPU, in bfloat16 on a CPU; "auto" is
        True where that is faster, which on a CPU is measured. In bfloat16 on a CPU attention is computed as plain
        products ("eager") unless transformer_config says otherwise: there, that is the faster way.
    grad_scaler_config (Dict[str, Any]): Settings of Thinc's `PyTorchGradScaler`, for mixed precision.
    """

    def __init__(
        self,
        name: str,
        tokenizer_config: Dict[str, Any],
        transformer_config: Dict[str, Any],
        mixed_precision: MixedPrecision = False,
        grad_scaler_config: Dict[str, Any] = {},  # noqa: B006
    ) -> None:
        # Only half precision of GPUs has so small a range that gradients need a scale.
        on_gpu = bool(mixed_precision) and not isinstance(get_current_ops(), NumpyOps)
        scaler = PyTorchGradScaler(**{"enabled": on_gpu, **grad_scaler_config})
        super().__init__(None, mixed_precision=on_gpu, grad_scaler=scaler)
        self._on_cpu: MixedPrecision = False if on_gpu else mixed_precision
        self.name = name
        self.settings = {"tokenizer": dict(tokenizer_config), "transformer": dict(transformer_config)}
        self.tokenizer: Any = None

    @property
    def transformer(self) -> Any:
        """The encoder; None before it is loaded."""
        return self._model

    @property
    def in_bfloat16(self) -> bool:
        """Whether large products are computed in bfloat16 on a CPU."""
        return is_fast_at_bfloat16("cpu") if self._on_cpu == "auto" else self._on_cpu

    def load(self) -> None:
        """Load the encoder, unless that was done.

        RAISES (XlreError): If it cannot be loaded.
        """
        if self._model is None:
            self._load(self.name)

    def _load(self, folder: str) -> None:
        transformer = dict(self.settings["transformer"])
        if isinstance(get_current_ops(), NumpyOps):
            # A pipeline that was trained on several GPUs is used on a CPU.
            transformer.pop("device_map", None)
        if self.in_bfloat16:
            transformer.setdefault("attn_implementation", "eager")
        self.tokenizer, model = load_pretrained(folder, tokenizer=self.settings["tokenizer"], transformer=transformer)
        # A device map has put the layers on their devices already.
        mapped = hasattr(model, "hf_device_map")
        self._model = model if mapped else model.to(get_torch_default_device())

    def predict(self, inputs: ArgsKwargs) -> Any:
        """Run the encoder, and return its output."""
        with self._precision():
            return super().predict(inputs)

    def _precision(self) -> ContextManager[Any]:
        import torch

        return torch.autocast("cpu", dtype=torch.bfloat16) if self.in_bfloat16 else nullcontext()

    def begin_update(self, inputs: ArgsKwargs) -> Tuple[Any, Callable[[ArgsKwargs], ArgsKwargs]]:
        """Run the encoder, and return its output and a backward. Several of them may come before an update."""
        with self._precision():
            output, backprop = super().begin_update(inputs)
        if not self._mixed_precision:
            return output, backprop

        def backprop_apart(grads: ArgsKwargs) -> ArgsKwargs:
            # Thinc divides all gradients that it finds by the scale, those of earlier batches once more.
            earlier = [(weight, weight.grad) for weight in self._model.parameters() if weight.grad is not None]
            for weight, _ in earlier:
                weight.grad = None
            d_inputs: ArgsKwargs = backprop(grads)
            for weight, gradient in earlier:
                weight.grad = gradient if weight.grad is None else weight.grad + gradient
            return d_inputs

        return output, backprop_apart

    @contextmanager
    def use_params(self, params: Dict[Any, Any]) -> Iterator[None]:
        """Use other parameters for a while, such as the averages that an optimizer keeps with `use_averages = true`.

        Thinc's own shim looks them up by names that no optimizer writes, so averages have no effect there.

        params (Dict[Any, Any]): Arrays by (this shim's id, parameter's name); what is missing stays.
        """
        own = dict(self._model.named_parameters()) if self._model is not None else {}
        chosen = {name: params[self.id, name] for name in own if (self.id, name) in params}
        before = {name: own[name].data for name in chosen}
        for name, values in chosen.items():
            own[name].data = xp2torch(values, device=before[name].device)
        try:
            yield
        finally:
            for name, data in before.items():
                own[name].data = data

    def to_bytes(self) -> bytes:
        """Return the encoder's folder, as the bytes of its files; without one, if it was not loaded."""
        files: Dict[str, bytes] = {}
        if self._model is not None:
            with tempfile.TemporaryDirectory() as folder:
                self._model.save_pretrained(folder, safe_serialization=True)
                self.tokenizer.save_pretrained(folder)
                files = read_files(folder)
        return bytes(srsly.msgpack_dumps({"files": files}))

    def from_bytes(self, bytes_data: bytes) -> "EncoderShim":
        """Take the encoder from what `to_bytes` returned."""
        files = srsly.msgpack_loads(bytes_data)["files"]
        self._model = self.tokenizer = None
        if files:
            with tempfile.TemporaryDirectory() as folder:
                write_files(files, folder)
                self._load(folder)
        return self
