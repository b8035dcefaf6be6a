#!/usr/bin/python3
"""Native backbones against torchvision's, activation by activation, with random weights.

torchvision_test.py BACKBONE_ACTIVATIONS. Exits 77 (skipped) without torch and torchvision. Large
networks are checked on small images; of ViT-L the first blocks (all of its blocks are alike).
"""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy
    import torch
    import torchvision
except ImportError as error:
    print(f"skipped: {error} (Debian: python3-torch python3-torchvision)")
    sys.exit(77)

RTOL, ATOL = 1e-4, 5e-5  # ATOL in units of the activation's standard deviation

RESNETS = {  # name: (layers, image size)
    "resnet18": ("layer1,layer2,layer3,layer4", 96),
    "resnet34": ("layer1,layer2,layer3,layer4", 65),
    "resnet50": ("layer2,layer3", 64),
    "resnet101": ("layer2,layer3,layer4", 64),
    "wide_resnet50_2": ("layer2,layer3", 80),
    "wide_resnet101_2": ("layer1,layer2,layer3", 64),
}
VITS = {  # name: (image size, width, heads, blocks of the architecture, blocks built, hooked)
    "vit_base_patch16_224": (224, 768, 12, 12, 12, "1,3,5,11"),
    "vit_base_patch16_384": (384, 768, 12, 12, 4, "0,3"),
    "vit_large_patch16_224": (224, 1024, 16, 24, 4, "0,3"),
    "vit_large_patch16_384": (384, 1024, 16, 24, 2, "1"),
}


def write_safetensors(path, tensors, blank):
    """`blank`: name -> shape of tensors that are zero and take no room on the disk."""
    header, end, values = {}, 0, []
    for name, tensor in tensors.items():
        dtype = "I64" if tensor.dtype == torch.int64 else "F32"
        data = tensor.detach().contiguous().numpy()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape),
                        "data_offsets": [end, end + data.nbytes]}
        end += data.nbytes
        values.append(data)
    for name, shape in blank.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for data in values:
            data.tofile(file)
        file.truncate(8 + len(text) + end)


def hooked(model, modules, images):
    outputs = []
    hooks = [module.register_forward_hook(lambda _m, _i, out: outputs.append(out.clone()))
             for module in modules]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    return outputs


def compare(program, name, weights, size, layers, images, expected, place):
    images.numpy().tofile(place / "images")
    subprocess.run([program, name, weights, str(size), layers, place / "images", place / "out"],
                   check=True)
    actual = numpy.fromfile(place / "out", dtype=numpy.float32)
    position = 0
    for layer, tensor in zip(layers.split(","), expected):
        wanted = tensor.numpy().ravel()
        found = actual[position:position + wanted.size]
        position += wanted.size
        assert found.size == wanted.size, f"{name} {layer}: {found.size} of {wanted.size} values"
        deviation = float(wanted.std())
        assert 0.01 < deviation < 100, f"{name} {layer}: activations of {deviation} prove nothing"
        error = numpy.abs(found - wanted)
        worst = numpy.max(error / (ATOL * deviation + RTOL * numpy.abs(wanted)))
        print(f"{name} {layer} at {size}: std {deviation:.3f}, "
              f"largest error {numpy.max(error) / deviation:.1e} std", flush=True)
        assert worst <= 1, f"{name} {layer}: differs {worst:.1f} times the tolerance"
    assert position == actual.size, f"{name}: {actual.size - position} values too many"


def check_resnet(program, name, place):
    layers, size = RESNETS[name]
    model = getattr(torchvision.models, name)(weights=None).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.0)
            module.bias.data.normal_(0, 0.2)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2.0)
    for block in model.modules():  # or the sums grow from block to block
        last = getattr(block, "bn3", getattr(block, "bn2", None))
        if last is not None:
            last.weight.data.mul_(0.3)
    weights = place / name
    write_safetensors(weights, model.state_dict(), {})
    images = torch.randn(2, 3, size, size)
    modules = [getattr(model, layer) for layer in layers.split(",")]
    compare(program, name, weights, size, layers, images, hooked(model, modules, images), place)
    weights.unlink()


VIT_NAMES = [("conv_proj", "patch_embed.proj"), ("class_token", "cls_token"),
             ("encoder.pos_embedding", "pos_embed"), ("encoder.layers.encoder_layer_", "blocks."),
             ("encoder.ln.", "norm."), ("ln_1", "norm1"), ("ln_2", "norm2"),
             ("self_attention.in_proj_", "attn.qkv."), ("self_attention.out_proj", "attn.proj"),
             ("mlp.0", "mlp.fc1"), ("mlp.3", "mlp.fc2"), ("heads.head", "head")]


def timm_name(name):
    for old, new in VIT_NAMES:
        name = name.replace(old, new)
    return name


def check_vit(program, name, place):
    size, width, heads, depth, built, blocks = VITS[name]
    model = torchvision.models.VisionTransformer(
        image_size=size, patch_size=16, num_layers=built, num_heads=heads, hidden_dim=width,
        mlp_dim=4 * width).eval()
    for parameter_name, parameter in model.named_parameters():
        if parameter.dim() < 2:
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
        elif "token" in parameter_name or "pos" in parameter_name:
            parameter.data.normal_(0, 0.2)
    tensors = {timm_name(key): value for key, value in model.state_dict().items()}
    blank = {key.replace("blocks.0.", f"blocks.{block}."): value.shape
             for key, value in tensors.items() if key.startswith("blocks.0.")
             for block in range(built, depth)}
    weights = place / name
    write_safetensors(weights, tensors, blank)
    images = torch.randn(1, 3, size, size)
    modules = [model.encoder.layers[int(block)] for block in blocks.split(",")]
    compare(program, name, weights, size, blocks, images, hooked(model, modules, images), place)
    weights.unlink()


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    wanted = sys.argv[2:] or [*RESNETS, *VITS]
    with tempfile.TemporaryDirectory() as place:
        for name in wanted:
            check = check_resnet if name in RESNETS else check_vit
            check(sys.argv[1], name, Path(place))


main()
