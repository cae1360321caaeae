// The `model` partition: two slots, two header copies each. Which header is in force, and which writes bring another
// model or another arena, so that one whole slot is valid at every moment: power may fail at any byte.

/// One of the two slots.
public enum SlotPosition: String, Sendable, CaseIterable {
    /// At the start of the partition.
    case a = "A"
    /// Behind it.
    case b = "B"

    /// From the start of the partition.
    public var offset: Int {
        switch self {
        case .a: 0
        case .b: ModelSlot.size
        }
    }

    /// The slot that is not this one.
    public var other: SlotPosition {
        switch self {
        case .a: .b
        case .b: .a
        }
    }
}

/// The two slots of a board, as read from it.
public struct ModelPartition: Sendable {
    /// A header copy whose own CRC-32 holds.
    public struct HeaderCopy: Sendable, Equatable {
        /// Which slot it is in.
        public let slot: SlotPosition
        /// 0 or 1.
        public let copy: Int
        /// What it says.
        public let header: SlotHeader
        /// Whether its sections' CRC-32s hold.
        public let isPayloadValid: Bool

        /// From the start of the partition.
        public var offset: Int { slot.offset + copy * ModelSlot.secondHeaderOffset }
    }

    /// Something to do to the partition; offsets are from its start, whole sectors where something is erased.
    public enum Step: Sendable, Equatable {
        /// Erase these sectors.
        case erase(Range<Int>)
        /// Erase the sectors these bytes touch, write them, and read them back before the next step.
        case write(offset: Int, bytes: [UInt8])
    }

    /// Bytes of flash the two slots take.
    public static let size = 2 * ModelSlot.size

    /// Those of the four header copies whose own CRC-32 holds: A 0, A 1, B 0, B 1.
    public let headers: [HeaderCopy]

    /// Looks at a whole partition. Throws `model-invalid` where it is shorter than two slots.
    public init(parsing bytes: [UInt8]) throws(ESPImageError) {
        guard bytes.count >= Self.size else { throw .slotInvalid(.truncated(part: "second slot")) }
        self.init { position, copy in
            Array(bytes[position.offset + copy * ModelSlot.secondHeaderOffset..<bytes.count].prefix(SlotHeader.size))
        } isPayloadValid: { position, header in
            header.faultyPayload(in: bytes[position.offset..<position.offset + ModelSlot.size]) == nil
        }
    }

    /// Looks at the four header copies alone, for a caller that can ask the board about payloads without reading them:
    /// `header` gives the 256 bytes of a copy, `isPayloadValid` says whether the sections of a header hold.
    public init<Failure: Error>(
        header: (SlotPosition, Int) throws(Failure) -> [UInt8],
        isPayloadValid: (SlotPosition, SlotHeader) throws(Failure) -> Bool
    ) throws(Failure) {
        var headers: [HeaderCopy] = []
        for slot in SlotPosition.allCases {
            for copy in 0..<2 {
                let bytes = try header(slot, copy)
                guard let parsed = try? SlotHeader(parsing: bytes) else { continue }
                headers.append(
                    HeaderCopy(
                        slot: slot, copy: copy, header: parsed, isPayloadValid: try isPayloadValid(slot, parsed)))
            }
        }
        self.headers = headers
    }

    /// The header that the board takes: the highest sequence among those that count; of equals the first in the order
    /// A 0, A 1, B 0, B 1.
    public var inForce: HeaderCopy? {
        var best: HeaderCopy?
        for copy in headers where copy.isPayloadValid && copy.header.sequence > best?.header.sequence ?? 0 {
            best = copy
        }
        return best
    }

    /// The model in force, from the bytes of the whole partition. Throws `model-invalid` where there is none.
    public func model(in partition: [UInt8]) throws(ESPImageError) -> ModelSlot {
        guard let inForce, partition.count >= Self.size else { throw .slotInvalid(.noModel) }
        let start = inForce.slot.offset
        return try ModelSlot(header: inForce.header, slot: partition[start..<start + ModelSlot.size])
    }

    /// What brings another model: nothing where it is in force already, one header where only the arena differs, else
    /// the other slot: its headers go first, its new one comes last.
    public func steps(toWrite slot: ModelSlot) throws(ESPImageError) -> [Step] {
        let (header, payload) = try slot.headerAndPayload(sequence: try nextSequence())
        if let inForce {
            var same = header
            same.sequence = inForce.header.sequence
            if same == inForce.header { return [] }
            same.arenaBytes = inForce.header.arenaBytes
            if same == inForce.header { return try steps(toSetArena: slot.arenaBytes) }
        }
        let target = (inForce?.slot.other ?? .a).offset
        return [
            .erase(target..<target + ModelSlot.payloadOffset),
            .write(offset: target + ModelSlot.payloadOffset, bytes: payload),
            .write(offset: target, bytes: header.encoded()),
        ]
    }

    /// What gives the model in force another arena: its header again, in the copy that is not in force.
    ///
    /// Throws `model-invalid` where there is no model.
    public func steps(toSetArena bytes: UInt32) throws(ESPImageError) -> [Step] {
        guard let inForce else { throw .slotInvalid(.noModel) }
        if inForce.header.arenaBytes == bytes { return [] }
        var header = inForce.header
        header.arenaBytes = bytes
        header.sequence = try nextSequence()
        let offset = inForce.slot.offset + (1 - inForce.copy) * ModelSlot.secondHeaderOffset
        return [.write(offset: offset, bytes: header.encoded())]
    }

    /// One more than any header's, so that one with a damaged payload cannot win later.
    private func nextSequence() throws(ESPImageError) -> UInt32 {
        let highest = headers.map(\.header.sequence).max() ?? 0
        guard SlotHeader.isSequence(highest + 1) else { throw .slotContents(.sequenceExhausted) }
        return highest + 1
    }
}
