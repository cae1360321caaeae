// Replacing the ROM's loader by a flasher stub: a program for the chip's RAM that erases and reads faster. None comes
// with us; it is one that the user has. Which file that is, is not known here.

/// A program for the RAM of a chip.
public struct StubProgram: Equatable, Sendable {
    /// Bytes and the address they go to.
    public struct Part: Equatable, Sendable {
        /// Where.
        public var address: UInt32
        /// What.
        public var bytes: [UInt8]

        /// Names bytes and their place.
        public init(address: UInt32, bytes: [UInt8]) {
            self.address = address
            self.bytes = bytes
        }
    }

    /// Where it starts.
    public var entry: UInt32
    /// What is loaded, in order.
    public var parts: [Part]

    /// Makes a program of its parts.
    public init(entry: UInt32, parts: [Part]) {
        self.entry = entry
        self.parts = parts
    }
}

extension LoaderSession {
    /// Loads `program`, starts it, and makes sure that it answers. Errors: `loader-refused`, `connection-lost`.
    func start(_ program: StubProgram) async throws(DeviceError) {
        for part in program.parts {
            var bytes = part.bytes
            bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
            _ = try await ask(.memoryBegin(bytes: bytes.count, address: part.address))
            for (sequence, start) in stride(from: 0, to: bytes.count, by: LoaderRequest.memoryBlockBytes).enumerated() {
                let block = bytes[start..<min(start + LoaderRequest.memoryBlockBytes, bytes.count)]
                _ = try await ask(.memoryData(block, sequence: sequence))
            }
        }
        // The ROM may be gone before its answer is out; what counts is who answers next.
        _ = try await exchange(.memoryEnd(entry: program.entry))
        guard try await ask(.sync).value == 0 else {
            throw DeviceError(
                code: "loader-refused", message: "the flasher stub was loaded but does not run",
                hint: "Use another file with --stub, or --stub none: the ROM's own loader needs no stub.")
        }
    }

    /// A range of the flash as the stub streams it, in pieces so that a loss costs one of them.
    func stream(
        _ range: Range<Int>, progress: @Sendable (FlashProgress) -> Void
    ) async throws(DeviceError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var losses = 0
        while bytes.count < range.count {
            let start = range.lowerBound + bytes.count
            let piece = start..<min(start + FlashPlan.blockBytes, range.upperBound)
            switch try await exchange(.readFlash(piece)) {
            case .reply(let reply): bytes += reply.data
            case .refused(let reason): throw .refused(.readFlash, reason)
            case .lost, .connected:
                losses += 1
                if losses > 8 { throw .brokeOff(during: "reading", heard: "") }
            }
            progress(FlashProgress(phase: .read, done: bytes.count, total: range.count, label: ""))
        }
        return bytes
    }
}
