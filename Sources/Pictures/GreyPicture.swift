// A grey picture and its way to a model's input size. Shrinking takes the mean over the area that a new pixel covers,
// which is what the demo models were trained with; nothing else is done to a picture here.

/// A picture of grey bytes, row by row.
public struct GreyPicture: Equatable, Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// 0 is black, 255 white; width * height of them.
    public let pixels: [UInt8]

    /// Takes pixels as they are; nil where their number is not that of the size.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width > 0, height > 0, pixels.count == width * height else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Makes a grey picture from red, green and blue bytes, three to a pixel, weighing them as ITU-R BT.601 does
    /// (0.299, 0.587, 0.114, in sixteen bits of fraction, rounded).
    init?(width: Int, height: Int, rgb: [UInt8]) {
        guard width > 0, height > 0, rgb.count == 3 * width * height else { return nil }
        self.init(
            width: width, height: height,
            pixels: stride(from: 0, to: rgb.count, by: 3).map { at in
                let sum = UInt32(rgb[at]) * 19595 + UInt32(rgb[at + 1]) * 38470 + UInt32(rgb[at + 2]) * 7471
                return UInt8(truncatingIfNeeded: (sum + 0x8000) >> 16)
            })
    }

    /// A part of the picture; nil where it does not lie inside.
    public func cropped(left: Int, top: Int, width newWidth: Int, height newHeight: Int) -> GreyPicture? {
        guard left >= 0, top >= 0, newWidth > 0, newHeight > 0, newWidth <= width, newHeight <= height,
            left <= width - newWidth, top <= height - newHeight
        else { return nil }
        let rows = (top..<(top + newHeight)).flatMap { row in
            pixels[(row * width + left)..<(row * width + left + newWidth)]
        }
        return GreyPicture(width: newWidth, height: newHeight, pixels: rows)
    }

    /// The picture in another size: each new pixel is the mean of the area it covers, rounded to nearest.
    public func resized(width newWidth: Int, height newHeight: Int) -> GreyPicture? {
        if newWidth == width, newHeight == height { return self }
        guard newWidth > 0, newHeight > 0 else { return nil }
        let columns = Self.spans(from: width, to: newWidth)
        let rows = Self.spans(from: height, to: newHeight)
        var out: [UInt8] = []
        out.reserveCapacity(newWidth * newHeight)
        // Weights are whole numbers: a source pixel counts `new` times, so that a new pixel's weights sum to `old`.
        let area = UInt64(width) * UInt64(height)
        for row in rows {
            for column in columns {
                var sum: UInt64 = 0
                for (y, rowWeight) in row {
                    for (x, columnWeight) in column {
                        sum += UInt64(pixels[y * width + x]) * rowWeight * columnWeight
                    }
                }
                out.append(UInt8(truncatingIfNeeded: (2 * sum + area) / (2 * area)))
            }
        }
        return GreyPicture(width: newWidth, height: newHeight, pixels: out)
    }

    /// For each new pixel the old ones it covers, with their weights, in units of 1/new of an old pixel.
    private static func spans(from old: Int, to new: Int) -> [[(index: Int, weight: UInt64)]] {
        (0..<new).map { position in
            let (start, end) = (position * old, (position + 1) * old)
            return (start / new...(end - 1) / new).map { index in
                let covered = min(end, (index + 1) * new) - max(start, index * new)
                return (index, UInt64(covered))
            }
        }
    }
}
