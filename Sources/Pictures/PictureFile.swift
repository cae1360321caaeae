// PNG and JPEG files as grey pictures, by libpng and libjpeg-turbo. Transparency lies on black. Left out: every other
// format, colour profiles, and the orientation that a camera notes in a JPEG file.

import CPNG
import CTurboJPEG

/// Why a file is no picture.
public struct PictureError: Error, Equatable, Sendable {
    /// What is wrong with it.
    public var message: String

    /// An error in words.
    public init(message: String) { self.message = message }
}

/// Decodes files.
public enum PictureFile {
    // A picture for a board's classifier is small; this many pixels are a large camera's.
    private static let largestPixelCount = 1 << 27

    /// True for bytes that begin as a PNG or JPEG file does.
    public static func isPicture(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: pngStart) || bytes.starts(with: jpegStart)
    }

    private static let pngStart: [UInt8] = [0x89, 0x50, 0x4E, 0x47]
    private static let jpegStart: [UInt8] = [0xFF, 0xD8, 0xFF]

    /// Decodes a whole file.
    public static func decode(_ bytes: [UInt8]) throws(PictureError) -> GreyPicture {
        let picture = bytes.starts(with: pngStart) ? try png(bytes) : try jpeg(bytes)
        guard let picture else { throw PictureError(message: "its size is not that of its contents") }
        return picture
    }

    private static func check(_ width: Int, _ height: Int) throws(PictureError) {
        let (count, overflows) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0, !overflows, count <= largestPixelCount else {
            throw PictureError(message: "\(width) x \(height) pixels are too many")
        }
    }

    private static func png(_ bytes: [UInt8]) throws(PictureError) -> GreyPicture? {
        var image = png_image()
        image.version = 1
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0 else {
            throw PictureError(message: message(of: image))
        }
        let (width, height) = (Int(image.width), Int(image.height))
        try check(width, height)
        // Red, green, blue, a byte each (PNG_FORMAT_RGB).
        image.format = 2
        var rgb = [UInt8](repeating: 0, count: 3 * width * height)
        var background = png_color(red: 0, green: 0, blue: 0)
        guard png_image_finish_read(&image, &background, &rgb, 0, nil) != 0 else {
            throw PictureError(message: message(of: image))
        }
        return GreyPicture(width: width, height: height, rgb: rgb)
    }

    private static func message(of image: png_image) -> String {
        withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func jpeg(_ bytes: [UInt8]) throws(PictureError) -> GreyPicture? {
        guard let decoder = tjInitDecompress() else { throw PictureError(message: "there is no memory for it") }
        defer { tjDestroy(decoder) }
        var (width, height, subsampling, colours): (CInt, CInt, CInt, CInt) = (0, 0, 0, 0)
        guard
            tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &subsampling, &colours) == 0
        else { throw PictureError(message: String(cString: tjGetErrorStr2(decoder))) }
        try check(Int(width), Int(height))
        var rgb = [UInt8](repeating: 0, count: 3 * Int(width) * Int(height))
        let status = tjDecompress2(
            decoder, bytes, UInt(bytes.count), &rgb, width, 0, height, CInt(TJPF_RGB.rawValue),
            TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING)
        guard status == 0 else { throw PictureError(message: String(cString: tjGetErrorStr2(decoder))) }
        return GreyPicture(width: Int(width), height: Int(height), rgb: rgb)
    }
}
