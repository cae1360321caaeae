// Pictures that a page carries within itself: a grey picture as PNG (W3C PNG, third edition) in a data URL. The pixels are
// in stored blocks (RFC 1951, 3.2.4): a few hundred of them are not worth a compressor.

import ESPImage

enum PictureData {
    /// A data URL of the picture; nil where its sizes and its pixels do not agree.
    static func url(_ picture: InputPicture) -> String? {
        guard let png = png(picture) else { return nil }
        return "data:image/png;base64," + Base64.text(png)
    }

    /// A data URL of an SVG picture: as an image, nothing in it can run.
    static func url(svg: String) -> String { "data:image/svg+xml;base64," + Base64.text(Array(svg.utf8)) }

    /// The picture as a PNG file of 8-bit grey.
    static func png(_ picture: InputPicture) -> [UInt8]? {
        let (rows, columns) = (picture.rows, picture.columns)
        guard rows > 0, columns > 0, rows <= 4096, columns <= 4096, picture.grey.count == rows * columns else {
            return nil
        }
        var raw: [UInt8] = []
        raw.reserveCapacity((columns + 1) * rows)
        for row in 0..<rows {
            raw.append(0)  // no filter
            raw += picture.grey[row * columns..<(row + 1) * columns]
        }
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", big(UInt32(columns)) + big(UInt32(rows)) + [8, 0, 0, 0, 0])
        file += chunk("IDAT", stored(raw))
        file += chunk("IEND", [])
        return file
    }

    /// A zlib stream (RFC 1950) whose blocks are stored.
    private static func stored(_ raw: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        var at = 0
        repeat {
            let length = min(0xFFFF, raw.count - at)
            out.append(at + length == raw.count ? 1 : 0)
            out += [UInt8(length & 0xFF), UInt8(length >> 8), UInt8(~length & 0xFF), UInt8(~length >> 8 & 0xFF)]
            out += raw[at..<at + length]
            at += length
        } while at < raw.count
        return out + big(adler32(raw))
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        return high << 16 | low
    }

    private static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(kind.utf8) + data
        return big(UInt32(data.count)) + body + big(CRC32.checksum(body))
    }

    private static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// Bytes as text (RFC 4648, section 4).
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var at = 0
        while at < bytes.count {
            let left = bytes.count - at
            let word =
                UInt32(bytes[at]) << 16 | (left > 1 ? UInt32(bytes[at + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[at + 2]) : 0)
            for index in 0..<4 {
                let place = Int(word >> (18 - 6 * UInt32(index)) & 63)
                out.append(index <= left ? digits[place] : UInt8(ascii: "="))
            }
            at += 3
        }
        return String(decoding: out, as: UTF8.self)
    }
}
