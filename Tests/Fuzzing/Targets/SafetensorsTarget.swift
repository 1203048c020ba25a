// SPDX-License-Identifier: Apache-2.0
internal import Checkpoints

extension FuzzTarget {
    /// The reader of safetensors files.
    static let safetensors = FuzzTarget(
        "safetensors", longest: 1 << 12,
        words: [
            "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F32\"", "\"F16\"", "\"BF16\"", "\"I64\"", "__metadata__",
            "18446744073709551615", "9007199254740993", "-1", "1e300", "[0,0]", "[]",
        ]
    ) { bytes in
        guard let file = try? SafetensorsFile(bytes, file: "x", ignores: { $0.hasSuffix("inv_freq") }) else { return }
        for tensor in file.tensors.values { touch(tensor) }
    }
}
