// Bytes in a row: in at the end, out at the front, both in constant time over a run. It has no limit of its own.

/// A first-in, first-out queue of bytes.
package struct ByteQueue: Sendable {
    private var bytes: [UInt8] = []
    private var head = 0

    package init() {}

    package var count: Int { bytes.count - head }
    package var isEmpty: Bool { head == bytes.count }

    package mutating func append(_ byte: UInt8) { bytes.append(byte) }
    package mutating func append(contentsOf more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// The oldest byte, taken out.
    package mutating func popFirst() -> UInt8? {
        guard head < bytes.count else { return nil }
        let byte = bytes[head]
        head += 1
        if head == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 4096, head * 2 >= bytes.count {
            bytes.removeFirst(head)
            head = 0
        }
        return byte
    }

    /// All bytes, taken out.
    package mutating func takeAll() -> [UInt8] {
        defer { self = ByteQueue() }
        return head == 0 ? bytes : Array(bytes[head...])
    }
}
