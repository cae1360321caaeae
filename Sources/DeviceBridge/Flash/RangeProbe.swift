// Finds out which sectors of a range differ from what they should hold, by asking for MD5 sums: the whole first,
// then 64 KB blocks, then 4 KB sectors. A block that is blank on the board needs no closer look. Sans-IO: it says
// what to ask next and takes the digest.

import Crypto

/// The search for differing sectors in one range of one region.
package struct RangeProbe: Equatable, Sendable {
    private let region: FlashRegion
    /// Ranges still to ask about, the next one last.
    private var questions: [Range<Int>]
    /// Differing ranges found so far, ascending, neighbours joined.
    package private(set) var differing: [Range<Int>] = []

    /// A search over `range`, which begins on a sector of `region`.
    package init(_ region: FlashRegion, range: Range<Int>) {
        self.region = region
        questions = range.isEmpty ? [] : [range]
    }

    /// The range whose digest is wanted next; nil when the search is over.
    package var question: Range<Int>? { questions.last }

    /// Takes the board's digest of `question`.
    package mutating func answered(_ digest: [UInt8]) {
        guard let range = questions.popLast() else { return }
        let wanted = region.bytes[range.lowerBound - region.offset..<range.upperBound - region.offset]
        if digest == Self.digest(wanted) { return }
        let sectors = Self.pieces(of: range, size: FlashPlan.sectorBytes)
        if sectors.count == 1 {
            add(range)
        } else if digest == Self.digest([UInt8](repeating: 0xFF, count: range.count)[...]) {
            for sector in sectors where !isBlank(sector) { add(sector) }
        } else {
            let blocks = Self.pieces(of: range, size: FlashPlan.blockBytes)
            questions += (blocks.count > 1 ? blocks : sectors).reversed()
        }
    }

    /// MD5, the sum the ROM computes.
    package static func digest(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var hash = Insecure.MD5()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        region.bytes[range.lowerBound - region.offset..<range.upperBound - region.offset].allSatisfy { $0 == 0xFF }
    }

    private mutating func add(_ range: Range<Int>) {
        if let last = differing.last, last.upperBound == range.lowerBound {
            differing[differing.count - 1] = last.lowerBound..<range.upperBound
        } else {
            differing.append(range)
        }
    }

    /// Cuts a range at the multiples of `size`.
    package static func pieces(of range: Range<Int>, size: Int) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min((start / size + 1) * size, range.upperBound)
            pieces.append(start..<end)
            start = end
        }
        return pieces
    }
}
