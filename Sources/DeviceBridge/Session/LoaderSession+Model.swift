// Brings a model into the board's `model` partition: asks which of the four slot headers is in force, and carries out
// the steps that ModelPartition names, in their order, so that one whole slot is valid at every moment.

public import ESPImage

/// What bringing a model to a board did.
public struct ModelReport: Equatable, Sendable {
    /// The slot that is in force now.
    public var slot: SlotPosition
    /// Where its payload lies in the flash.
    public var offset: Int
    /// Bytes of its header and payload.
    public var size: Int
    /// Bytes sent for it; 0 where it was in force already.
    public var written: Int
}

extension LoaderSession {
    // A payload of another model is read back to see whether it holds while that costs less than about a second at
    // 115200 baud; beyond that its header's word is taken, which was written only after the payload was proven.
    private static let payloadReadLimit = 4096

    /// Makes `slot` the model in force in the partition at `partition`.
    /// Errors: `model-too-large`, `layout-overlap` where the partition is no place for two slots, and those of `flash`.
    public func bring(
        _ slot: ModelSlot, to partition: Range<Int>, options: FlashOptions = FlashOptions(),
        progress: @Sendable (FlashProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> ModelReport {
        guard partition.count >= ModelPartition.size else {
            throw .layout(
                "the model partition at \(hexadecimal(partition.lowerBound)) has \(partition.count) bytes, "
                    + "two slots need \(ModelPartition.size)")
        }
        let image: [UInt8]
        do { image = try slot.encoded() } catch { throw DeviceError(error) }
        let before = try await modelPartition(at: partition.lowerBound, image: image)
        let steps: [ModelPartition.Step]
        do { steps = try before.steps(toWrite: slot) } catch { throw DeviceError(error) }
        var position = before.inForce?.slot ?? .a
        var written = 0
        for step in steps {
            switch step {
            case .erase(let range):
                try await erase(range.lowerBound + partition.lowerBound..<range.upperBound + partition.lowerBound)
            case .write(let offset, let bytes):
                position = offset < SlotPosition.b.offset ? .a : .b
                var region = FlashRegion(
                    offset: partition.lowerBound + offset, bytes: bytes, label: "model", partition: "model")
                region.mayBeImage = false
                var options = options
                // A header after a payload that nobody proved would make that payload count.
                options.verifies = true
                written += try await flash(try FlashPlan([region]), options: options, progress: progress).written
            }
        }
        return ModelReport(
            slot: position, offset: partition.lowerBound + position.offset, size: image.count, written: written)
    }

    /// Gives the model that is in force in a partition another arena: one header is written, nothing else.
    /// Errors: `model-invalid` where there is no model, and those of `flash`. Returns the bytes sent.
    public func setArena(_ bytes: UInt32, in partition: Range<Int>) async throws(DeviceError) -> Int {
        let before = try await modelPartition(at: partition.lowerBound, image: [])
        let steps: [ModelPartition.Step]
        do { steps = try before.steps(toSetArena: bytes) } catch { throw DeviceError(error) }
        var written = 0
        for case .write(let offset, let bytes) in steps {
            let region = FlashRegion(offset: partition.lowerBound + offset, bytes: bytes, label: "model")
            written += try await flash(try FlashPlan([region])).written
        }
        return written
    }

    /// The headers on the board, and whether their payloads hold.
    private func modelPartition(at start: Int, image: [UInt8]) async throws(DeviceError) -> ModelPartition {
        var headers: [[UInt8]] = []
        var isWhole: [Bool] = []
        let blank = [UInt8](repeating: 0xFF, count: SlotHeader.size)
        for position in SlotPosition.allCases {
            for copy in 0..<2 {
                let offset = start + position.offset + copy * ModelSlot.secondHeaderOffset
                let range = offset..<offset + SlotHeader.size
                // One question instead of five where there is nothing, which is the usual case.
                let isBlank = try await md5(range) == RangeProbe.digest(blank[...])
                let bytes = isBlank ? blank : try await read(range)
                headers.append(bytes)
                if let header = try? SlotHeader(parsing: bytes) {
                    isWhole.append(try await holds(header, at: start + position.offset, image: image))
                } else {
                    isWhole.append(false)
                }
            }
        }
        return ModelPartition { position, copy in
            headers[(position == .a ? 0 : 2) + copy]
        } isPayloadValid: { position, header in
            (0..<2).contains { copy in
                let index = (position == .a ? 0 : 2) + copy
                return isWhole[index] && (try? SlotHeader(parsing: headers[index])) == header
            }
        }
    }

    /// Whether the payload behind a header is what the header says: by MD5 where `image` has the same one, else read.
    private func holds(
        _ header: SlotHeader, at start: Int, image: [UInt8]
    ) async throws(DeviceError) -> Bool {
        let payload = image.dropFirst(ModelSlot.payloadOffset)
        if let own = try? SlotHeader(parsing: Array(image.prefix(SlotHeader.size))), own.sections == header.sections {
            let place = start + ModelSlot.payloadOffset
            // A "no" would send the new model over the one in force: it has to come twice.
            for _ in 0..<2 where try await md5(place..<place + payload.count) == RangeProbe.digest(payload) {
                return true
            }
            return false
        }
        let end = header.sections.reduce(ModelSlot.payloadOffset) { max($0, Int($1.offset) + Int($1.length)) }
        guard end <= ModelSlot.size, end - ModelSlot.payloadOffset <= Self.payloadReadLimit else {
            return end <= ModelSlot.size
        }
        var bytes = [UInt8](repeating: 0xFF, count: ModelSlot.payloadOffset)
        bytes += try await read(start + ModelSlot.payloadOffset..<start + end)
        return header.faultyPayload(in: bytes[...]) == nil
    }
}
