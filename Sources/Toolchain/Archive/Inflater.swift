// zlib's inflate over pieces of any size: gzip files, also of several members, and the raw streams in zip files.

import CZlib

/// Takes the compression off, piece by piece.
final class Inflater {
    enum Form {
        case gzip
        case raw
    }

    private var stream = z_stream()
    private let form: Form
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    /// True between a stream's end and the next one's beginning.
    private(set) var isAtEnd = false

    init(_ form: Form) throws(ArchiveFault) {
        self.form = form
        // Windows of 32 KB; 16 added asks for gzip's frame, a negative number for none (zlib.h, inflateInit2).
        let window: CInt = form == .gzip ? 15 + 16 : -15
        guard inflateInit2_(&stream, window, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ArchiveFault("there is no memory to unpack it")
        }
    }

    deinit {
        inflateEnd(&stream)
        output.deallocate()
    }

    /// Takes compressed bytes and hands over what comes out of them.
    func feed(
        _ bytes: UnsafeRawBufferPointer, _ receive: (UnsafeRawBufferPointer) throws(ArchiveFault) -> Void
    ) throws(ArchiveFault) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(bytes.count)
        while stream.avail_in > 0 {
            if isAtEnd {
                // Zeros may fill up a gzip file; anything else must be another member.
                guard form == .gzip else { throw ArchiveFault("it is damaged: data is left over") }
                if stream.next_in.pointee == 0 {
                    stream.avail_in = 0
                    return
                }
                guard inflateReset(&stream) == Z_OK else { throw ArchiveFault("it is damaged") }
                isAtEnd = false
            }
            repeat {
                stream.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(output.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                    throw ArchiveFault(
                        "it is damaged: \(stream.msg.map { String(cString: $0) } ?? "zlib says \(status)")")
                }
                let count = output.count - Int(stream.avail_out)
                if count > 0 { try receive(UnsafeRawBufferPointer(rebasing: output[..<count])) }
                if status == Z_STREAM_END {
                    isAtEnd = true
                    break
                }
                if status == Z_BUF_ERROR, count == 0 { return }
            } while stream.avail_out == 0 || stream.avail_in > 0
        }
    }
}
