// The commands that write one run of sectors: a BEGIN that erases it, then its blocks, compressed where that
// makes them fewer. The END command is left out on purpose: to the ROM it means leaving the loader.

/// The requests of one run, handed out one at a time.
package struct RunWriter: Equatable, Sendable {
    /// The run's offsets in the flash.
    package let range: Range<Int>
    /// Whether the blocks are a zlib stream.
    package let isCompressed: Bool
    private let begin: LoaderRequest
    private let payload: [UInt8]
    private var sent = -1

    /// Prepares `range` of `region`.
    package init(_ region: FlashRegion, range: Range<Int>, compresses: Bool, encryptionWord: Bool) {
        self.range = range
        var bytes = Array(region.bytes[range.lowerBound - region.offset..<range.upperBound - region.offset])
        // The ROM programs whole words.
        bytes += [UInt8](repeating: 0xFF, count: (4 - bytes.count % 4) % 4)
        let plainBlocks = Self.blocks(bytes.count)
        if compresses, let stream = Deflate.compress(bytes[...]), Self.blocks(stream.count) < plainBlocks {
            isCompressed = true
            payload = stream
            begin = .deflateBegin(
                uncompressedBytes: bytes.count, blocks: Self.blocks(stream.count), offset: range.lowerBound,
                encryptionWord: encryptionWord)
        } else {
            isCompressed = false
            payload = bytes
            begin = .flashBegin(
                eraseBytes: bytes.count, blocks: plainBlocks, offset: range.lowerBound,
                encryptionWord: encryptionWord)
        }
    }

    /// The next request; nil when all were handed out.
    package mutating func next() -> LoaderRequest? {
        defer { sent += 1 }
        guard sent >= 0 else { return begin }
        let start = sent * LoaderRequest.blockBytes
        guard start < payload.count else { return nil }
        let block = payload[start..<min(start + LoaderRequest.blockBytes, payload.count)]
        return isCompressed
            ? .deflateData(block, sequence: sent, uncompressedBytes: range.count)
            : .flashData(block, sequence: sent)
    }

    /// Roughly how many bytes of the run the requests answered so far stand for.
    package var bytesDone: Int {
        guard !payload.isEmpty else { return range.count }
        return min(range.count, max(0, sent - 1) * LoaderRequest.blockBytes * range.count / payload.count)
    }

    /// The command handed out last.
    package var opcode: LoaderOpcode {
        if isErasing { return begin.opcode }
        return isCompressed ? .deflateData : .flashData
    }

    /// Whether the request handed out last was the one that erases.
    package var isErasing: Bool { sent == 0 }

    private static func blocks(_ count: Int) -> Int {
        (count + LoaderRequest.blockBytes - 1) / LoaderRequest.blockBytes
    }
}
