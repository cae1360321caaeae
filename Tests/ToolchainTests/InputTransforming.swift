// The board's input transform, run here.

import ESPImage
import SketchLibraryC
import Testing

@Suite("The input transform on the board")
struct InputTransforming {
    private static func section(rows: UInt32, columns: UInt32, _ values: [Float]) -> [UInt32] {
        [rows, columns] + values.map(\.bitPattern)
    }

    @Test("Rows are sums of centred values times weights, in float32 steps from left to right")
    func rows() {
        let mean: [Float] = [1, 1e8, 0.1]
        let matrix: [Float] = [1, 2, 3, 0.1, 1e-8, -3]
        let input: [Float] = [3, 1e8, 0.3]
        let words = Self.section(rows: 2, columns: 3, mean + matrix)
        words.withUnsafeBytes { bytes in
            var transform = input_transform()
            #expect(input_transform_open(&transform, bytes.baseAddress, bytes.count))
            #expect(transform.rows == 2 && transform.columns == 3)
            for row in 0..<2 {
                var sum: Float = 0
                for column in 0..<3 {
                    let centred = input[column] - mean[column]
                    let product = centred * matrix[3 * row + column]
                    sum += product
                }
                #expect(input_transform_row(&transform, UInt32(row), input) == sum)
            }
        }
    }

    @Test("A section whose length is not what it says is refused")
    func malformed() {
        let good = Self.section(rows: 2, columns: 3, [Float](repeating: 1, count: 9))
        for count in 0..<good.count * 4 {
            good.withUnsafeBytes { bytes in
                var transform = input_transform()
                #expect(!input_transform_open(&transform, bytes.baseAddress, count))
            }
        }
        for (rows, columns) in [
            (0, 3), (2, 0), (3, 3), (2, 4), (0, 9), (UInt32.max, 3), (2, UInt32.max), (0x8000_0002, 3),
        ] {
            var words = good
            words[0] = UInt32(rows)
            words[1] = columns
            words.withUnsafeBytes { bytes in
                var transform = input_transform()
                #expect(!input_transform_open(&transform, bytes.baseAddress, bytes.count), "\(rows) \(columns)")
            }
        }
    }
}
