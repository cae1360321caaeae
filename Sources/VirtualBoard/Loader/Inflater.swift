// The decompressor of the loader: zlib's inflate, fed block by block, writing through a window of 32 KB as the
// loaders do. They write nothing until the window is full or the stream ends.

internal import CZlib

/// One zlib stream on its way into the flash.
final class Inflater {
    /// How far the stream has come.
    enum Outcome: Equatable {
        case needsMore
        case finished
        case corrupt
        case badChecksum
        case writeFailed
    }

    private static let windowSize = 32768
    private let stream: UnsafeMutablePointer<z_stream>
    private var window = [UInt8](repeating: 0, count: windowSize)
    private var filled = 0
    private(set) var outcome = Outcome.needsMore

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit2_(stream, MAX_WBITS, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        if status != Z_OK { outcome = .corrupt }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Forgets what is in the window and was not written, as a stub does when block 0 comes again.
    func forgetPending() { filled = 0 }

    /// Inflates one block; `write` gets each full window and the last, and says whether it could be stored.
    func feed(_ block: ArraySlice<UInt8>, write: (ArraySlice<UInt8>) -> Bool) -> Outcome {
        guard outcome == .needsMore else { return outcome }
        var input = Array(block)
        input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = uInt(input.count)
            while outcome == .needsMore {
                let isStarved = step(write: write)
                if isStarved { break }
            }
            stream.pointee.next_in = nil
            stream.pointee.avail_in = 0
        }
        return outcome
    }

    /// True when nothing more can be had from the input so far.
    private func step(write: (ArraySlice<UInt8>) -> Bool) -> Bool {
        let room = window.count - filled
        let status = window.withUnsafeMutableBufferPointer { window -> CInt in
            stream.pointee.next_out = window.baseAddress.map { $0 + filled }
            stream.pointee.avail_out = uInt(room)
            return inflate(stream, Z_NO_FLUSH)
        }
        filled += room - Int(stream.pointee.avail_out)
        switch status {
        case Z_STREAM_END: flush(.finished, write: write)
        case Z_OK, Z_BUF_ERROR:
            guard filled == window.count else { return true }
            flush(.needsMore, write: write)
        default: outcome = isChecksumError ? .badChecksum : .corrupt
        }
        return false
    }

    private func flush(_ next: Outcome, write: (ArraySlice<UInt8>) -> Bool) {
        outcome = filled == 0 || write(window[..<filled]) ? next : .writeFailed
        filled = 0
    }

    // zlib has one code for every kind of broken data; only its message tells the trailer from the rest.
    private var isChecksumError: Bool {
        stream.pointee.msg.map { String(cString: $0) == "incorrect data check" } ?? false
    }
}
