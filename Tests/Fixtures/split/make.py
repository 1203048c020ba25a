#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ../architectures/qwen2.gguf as the format's own library splits it: qwen2-0000N-of-00003.gguf.

Needs gguf; run it from this folder. The same file gives the same parts.
"""
import gguf

reader = gguf.GGUFReader("../architectures/qwen2.gguf")
parts = (len(reader.tensors) + 2) // 3
writer = gguf.GGUFWriter("qwen2.gguf", "qwen2", split_max_tensors=parts)
for field in reader.fields.values():
    if field.name.startswith("GGUF.") or field.name == "general.architecture":
        continue
    element = field.types[1] if len(field.types) > 1 else None
    writer.add_key_value(field.name, field.contents(), field.types[0], element)
for tensor in reader.tensors:
    writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
