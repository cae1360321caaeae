// zlib's compressor, whole arrays at a time: the stream format FLASH_DEFL_DATA carries.

import CZlib

/// Compresses at zlib's best level.
package enum Deflate {
    /// The zlib stream of `bytes`, or nil where zlib fails (it does so only without memory).
    package static func compress(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let bound = Int(compressBound(uLong(bytes.count)))
        var status = Z_OK
        let stream = [UInt8](unsafeUninitializedCapacity: bound) { output, filled in
            var size = uLongf(bound)
            status = bytes.withUnsafeBufferPointer { input in
                compress2(output.baseAddress, &size, input.baseAddress, uLong(input.count), Z_BEST_COMPRESSION)
            }
            filled = status == Z_OK ? Int(size) : 0
        }
        return status == Z_OK ? stream : nil
    }
}
