// A model with everything the board needs to run it, as it lies in one slot of the `model` partition: a header sector,
// a sector for the header's second copy, then the sections. The partition of two slots is in ModelPartition.swift.

import Crypto

/// The contents of one slot.
public struct ModelSlot: Sendable, Equatable {
    /// What pixels are divided by: input = (byte - 127) / scale.
    public enum PixelScale: Int, Sendable, CaseIterable {
        /// To -1 ... 1.008
        case by127 = 127
        /// To -0.992 ... 1
        case by128 = 128

        /// The scale of that number; throws `usage` for others.
        public static func of(_ number: Int) throws(ESPImageError) -> PixelScale {
            if let scale = PixelScale(rawValue: number) { return scale }
            throw .slotContents(.badScale(number))
        }

        var bits: UInt32 { Float(rawValue).bitPattern }
    }

    /// Where each tensor of the main subgraph goes.
    public struct MemoryPlan: Sendable, Equatable {
        /// Bytes of arena the plan needs.
        public var arenaBytes: UInt32
        /// A byte offset per tensor; nil for one that is not in the arena.
        public var offsets: [UInt32?]

        /// A plan.
        public init(arenaBytes: UInt32, offsets: [UInt32?]) {
            self.arenaBytes = arenaBytes
            self.offsets = offsets
        }
    }

    /// What inputs go through before the model: output[r] = sum over c of matrix[r][c] * (input[c] - mean[c]).
    public struct InputTransform: Sendable, Equatable {
        /// Values that come out.
        public var rows: Int
        /// Values that go in.
        public var columns: Int
        /// One per column.
        public var mean: [Float]
        /// Row by row.
        public var matrix: [Float]

        /// A transform.
        public init(rows: Int, columns: Int, mean: [Float], matrix: [Float]) {
            self.rows = rows
            self.columns = columns
            self.mean = mean
            self.matrix = matrix
        }
    }

    /// Bytes of a slot.
    public static let size = 0x80000
    /// Where the second copy of the header lies.
    public static let secondHeaderOffset = 0x1000
    /// Where the sections start.
    public static let payloadOffset = 0x2000
    /// The most bytes all sections may take together.
    public static let payloadLimit = size - payloadOffset

    /// Cut to 31 bytes of UTF-8 when written.
    public var name: String
    /// The .tflite file.
    public var model: [UInt8]
    /// Bytes of arena the board sets aside; 0 as planned.
    public var arenaBytes: UInt32 = 0
    /// How pixels become inputs.
    public var pixelScale: PixelScale = .by128
    /// nil lets the board plan.
    public var memoryPlan: MemoryPlan?
    /// nil where inputs go straight to the model.
    public var inputTransform: InputTransform?
    /// A name per output; may be empty.
    public var labels: [String] = []

    /// A slot with only a model.
    public init(name: String, model: [UInt8]) {
        self.name = name
        self.model = model
    }

    /// The slot as bytes from its start to the end of the payload: header copy 0, an erased copy 1, the sections.
    ///
    /// Throws `model-too-large`, and `usage` where something cannot be written.
    public func encoded(sequence: UInt32 = 1) throws(ESPImageError) -> [UInt8] {
        let (header, payload) = try headerAndPayload(sequence: sequence)
        var bytes = header.encoded()
        bytes.reserveCapacity(Self.payloadOffset + payload.count)
        bytes.append(repeating: 0xFF, Self.payloadOffset - bytes.count)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// Reads a slot: the header copy with the higher sequence among the two that count.
    ///
    /// Throws `model-invalid` with the fault of the first copy where neither counts.
    public init(parsing slot: [UInt8]) throws(ESPImageError) {
        var best: SlotHeader?
        var firstFault: SlotFault?
        for offset in [0, Self.secondHeaderOffset] {
            do throws(SlotFault) {
                let copy = try SlotHeader(parsing: Array(slot.dropFirst(offset).prefix(SlotHeader.size)))
                if let fault = copy.faultyPayload(in: slot[...]) { throw fault }
                if copy.sequence > best?.sequence ?? 0 { best = copy }
            } catch {
                firstFault = firstFault ?? error
            }
        }
        guard let best else { throw .slotInvalid(firstFault ?? .noModel) }
        try self.init(header: best, slot: slot[...])
    }

    /// The header for a sequence number, and the sections' bytes from `payloadOffset` on.
    func headerAndPayload(sequence: UInt32) throws(ESPImageError) -> (SlotHeader, [UInt8]) {
        guard SlotHeader.isSequence(sequence) else { throw .slotContents(.sequenceExhausted) }
        var payload: [UInt8] = []
        payload.reserveCapacity(model.count + 1024)
        var sections: [SlotSection] = []
        for (kind, contents) in try sectionContents() {
            payload.pad(to: 16, with: 0xFF)
            sections.append(
                SlotSection(
                    kind: kind.rawValue, offset: UInt32(clamping: Self.payloadOffset + payload.count),
                    length: UInt32(clamping: contents.count), crc32: CRC32.checksum(contents)))
            payload.append(contentsOf: contents)
        }
        guard payload.count <= Self.payloadLimit else {
            throw .modelTooLarge(bytes: payload.count, limit: Self.payloadLimit)
        }
        let header = SlotHeader(
            sequence: sequence, arenaBytes: arenaBytes, pixelScaleBits: pixelScale.bits, sections: sections,
            nameField: Self.nameField(name), modelDigest: Array(SHA256.hash(data: model)))
        return (header, payload)
    }

    private func sectionContents() throws(ESPImageError) -> [(SlotSection.Kind, [UInt8])] {
        guard !model.isEmpty else { throw .slotContents(.emptyModel) }
        var contents: [(SlotSection.Kind, [UInt8])] = [(.model, model)]
        if let memoryPlan { contents.append((.memoryPlan, memoryPlan.encoded())) }
        if let inputTransform { contents.append((.inputTransform, try inputTransform.encoded())) }
        if !labels.isEmpty {
            var bytes: [UInt8] = []
            for label in labels {
                guard !label.isEmpty, !label.utf8.contains(0) else { throw .slotContents(.badLabel(label)) }
                bytes.append(contentsOf: label.utf8)
                bytes.append(0)
            }
            contents.append((.labels, bytes))
        }
        return contents
    }

    /// The name in 32 bytes with at least one NUL, cut between characters.
    private static func nameField(_ name: String) -> [UInt8] {
        var field: [UInt8] = []
        for character in name.prefix(while: { $0 != "\0" }) {
            let bytes = Array(String(character).utf8)
            if field.count + bytes.count >= SlotHeader.nameSize { break }
            field += bytes
        }
        field.append(repeating: 0, SlotHeader.nameSize - field.count)
        return field
    }
}
