// Draws a model's input as a grey picture in the terminal, two rows of pixels to a line, in half-block
// characters. Without colours the four shades of block characters stand in.

/// A grey picture of values between -1 and 1.
struct Picture: Equatable, Sendable {
    /// Pixels in row-major order.
    let values: [Float]
    let width: Int
    let height: Int

    /// A picture of `values`, if their number is that of a square or of the given shape.
    init?(values: [Float], width: Int, height: Int) {
        guard width > 0, height > 0, values.count == width * height else { return nil }
        self.values = values
        self.width = width
        self.height = height
    }

    /// The lines of the picture.
    func lines(colour: Bool) -> [String] {
        // Without colours there are two levels: which pixels are light is measured at the picture itself.
        let greys = (0..<height).map { row in (0..<width).map { grey(row, $0) } }
        let all = greys.joined()
        let middle = ((all.min() ?? 0) + (all.max() ?? 255)) / 2
        return stride(from: 0, to: height, by: 2).map { row in
            (0..<width).map { column in
                let top = greys[row][column]
                let bottom = row + 1 < height ? greys[row + 1][column] : 0
                return colour ? Picture.block(top, bottom) : Picture.shade(top > middle, bottom > middle)
            }.joined() + (colour ? "\u{1B}[0m" : "")
        }
    }

    /// A pixel as 0 (black) to 255 (white): the inverse of the sketch's (byte - 127) / scale.
    private func grey(_ row: Int, _ column: Int) -> Int {
        let value = values[row * width + column]
        guard value.isFinite else { return 0 }
        return Int(max(0, min(255, value * 128 + 127)))
    }

    /// The upper half block: its foreground is the upper pixel, its background the lower one.
    private static func block(_ top: Int, _ bottom: Int) -> String {
        "\u{1B}[38;2;\(top);\(top);\(top);48;2;\(bottom);\(bottom);\(bottom)m▀"
    }

    /// Two levels a pixel: a half block where one of the two is light.
    private static func shade(_ top: Bool, _ bottom: Bool) -> String {
        switch (top, bottom) {
        case (true, true): return "█"
        case (true, false): return "▀"
        case (false, true): return "▄"
        case (false, false): return " "
        }
    }
}
