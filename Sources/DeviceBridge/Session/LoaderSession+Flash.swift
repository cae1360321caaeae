// Flashing, reading, erasing and hashing over a connected session.

extension LoaderSession {
    /// Brings the flash to what `plan` says, writing only what differs, and proves it.
    /// Errors: `verify-failed`, `layout-overlap`, `protected-chip`, `loader-refused`, `connection-lost`.
    public func flash(
        _ plan: FlashPlan, options: FlashOptions = FlashOptions(),
        progress: @Sendable (FlashProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> FlashReport {
        let start = ContinuousClock.now
        let chip = try connectedChip()
        if !options.isForced { try ImageGuard(plan, chip: chip.name).check(chip: chip.name) }
        try await attach()
        var machine = FlashMachine(
            plan, options: options, encryptionWord: chip.beginHasEncryptionWord, kind: kind)
        var event = FlashMachine.Event.proceed
        var reconnections = 0
        while true {
            machine.kind = kind
            switch machine.next(event) {
            case .request(let request, let state):
                progress(state)
                event = try await outcome(of: request, &reconnections)
            case .writesAhead:
                try await clearPatiently(plan, options, &reconnections)
                for region in plan.regions { forgetTable(in: region.range) }
                event = .proceed
            case .done:
                if options.verifies, let table = plan.ownTable { remember(table) }
                return FlashReport(
                    regions: machine.outcome, seconds: (ContinuousClock.now - start) / .seconds(1),
                    recoveries: machine.recoveries + reconnections)
            case .failed(let error):
                // The ROM only says that it could not read there; the flash's size may say why.
                if error.code == "loader-refused", let bytes = try await flashID()?.bytes {
                    try plan.check(flashBytes: bytes)
                }
                throw error
            }
        }
    }

    /// One exchange of the flashing; after a mended connection the machine asks what the flash holds.
    private func outcome(
        of request: LoaderRequest, _ reconnections: inout Int
    ) async throws(DeviceError) -> FlashMachine.Event {
        do throws(DeviceError) {
            switch try await exchange(request) {
            case .reply(let reply): return .reply(reply)
            case .refused(let reason): return .refused(reason)
            case .lost, .connected: return .lost
            }
        } catch {
            try await mend(error, &reconnections)
            return .lost
        }
    }

    /// The last look before the first erase, with the same patience.
    private func clearPatiently(
        _ plan: FlashPlan, _ options: FlashOptions, _ reconnections: inout Int
    ) async throws(DeviceError) {
        while true {
            do throws(DeviceError) {
                return try await clear(plan, options)
            } catch {
                try await mend(error, &reconnections)
            }
        }
    }

    /// Resets a board that restarted or fell silent into its loader again, a few times, where the line can do that;
    /// else throws `error`.
    private func mend(_ error: DeviceError, _ reconnections: inout Int) async throws(DeviceError) {
        guard error.code == "connection-lost", canReconnect, reconnections < 3 else { throw error }
        reconnections += 1
        // Once may be chance; a line that breaks again is slower from then on.
        let rate = reconnections > 1 ? Self.lower(than: currentBaud) ?? currentBaud : currentBaud
        try await reconnect()
        try await changeBaudRate(rate)
    }

    /// The MD5 of a range of the flash, 16 bytes.
    public func md5(_ range: Range<Int>) async throws(DeviceError) -> [UInt8] {
        try check(range)
        try await attach()
        guard let digest = try await ask(.flashMD5(range)).digest else {
            throw .refused(.flashMD5, .invalidMessage)
        }
        return digest
    }

    /// Where the flash differs from `bytes`, found by MD5; sectors, neighbours joined.
    public func differences(
        from bytes: [UInt8], at offset: Int, label: String = "", progress: @Sendable (FlashProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> [Range<Int>] {
        let region = FlashRegion(offset: offset, bytes: bytes, label: label)
        try check(region.range)
        var probe = RangeProbe(region, range: region.range)
        while let question = probe.question {
            progress(
                FlashProgress(
                    phase: .verify, done: question.lowerBound - offset, total: bytes.count, label: label))
            probe.answered(try await md5(question))
        }
        return probe.differing
    }

    /// Reads a range of the flash, from the ROM 64 bytes a question, and has the board confirm its MD5.
    public func read(
        _ range: Range<Int>, progress: @Sendable (FlashProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> [UInt8] {
        try check(range)
        try await attach()
        if kind == .stub { return try await stream(range, progress: progress) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        while bytes.count < range.count {
            let count = min(64, range.count - bytes.count)
            let reply = try await ask(.readFlashSlow(offset: range.lowerBound + bytes.count, count: count))
            bytes += reply.data.prefix(count)
            if bytes.count % 4096 < 64 || bytes.count == range.count {
                progress(FlashProgress(phase: .read, done: bytes.count, total: range.count, label: ""))
            }
        }
        guard try await md5(range) == RangeProbe.digest(bytes[...]) else {
            throw .verifyFailed("the bytes read", at: [range.lowerBound])
        }
        return bytes
    }

    /// Throws `protected-chip` where erasing would leave a chip that nothing plain can be flashed to any more.
    public func requireUnprotected() async throws(DeviceError) {
        if let protection = try await knownSecurity().protection { throw .protectedChip(protection) }
    }

    /// Erases whole sectors. Errors: `usage` where the range does not begin and end on 4 KB.
    public func erase(_ range: Range<Int>) async throws(DeviceError) {
        guard range.lowerBound % FlashPlan.sectorBytes == 0, range.upperBound % FlashPlan.sectorBytes == 0 else {
            throw .usage(
                "\(hexadecimal(range.lowerBound))..\(hexadecimal(range.upperBound)) does not cover whole sectors",
                hint: "Flash is erased by sectors: use multiples of 0x1000.")
        }
        try check(range)
        if range.isEmpty { return }
        try await knowFlash(atLeast: range.upperBound)
        forgetTable(in: range)
        let word = try connectedChip().beginHasEncryptionWord
        for attempt in 0... {
            let begin = LoaderRequest.flashBegin(
                eraseBytes: range.count, blocks: 0, offset: range.lowerBound, encryptionWord: word, kind)
            switch try await exchange(begin) {
            case .reply: return
            case .refused(let reason): throw .refused(begin.opcode, reason)
            case .lost, .connected:
                // Erasing twice does no harm; a range that is blank need not be.
                let blank = RangeProbe.digest([UInt8](repeating: 0xFF, count: range.count)[...])
                if try await md5(range) == blank { return }
                if attempt == 3 { throw .brokeOff(during: "erasing", heard: "") }
            }
        }
    }

    /// Erases the whole flash; returns its size.
    @discardableResult
    public func eraseAll() async throws(DeviceError) -> Int {
        try await knowFlash(atLeast: 0)
        guard let bytes = flashBytes else { throw .noFlash }
        try await erase(0..<bytes)
        return bytes
    }

    /// The size of the flash in bytes, asked for once.
    public func flashSize() async throws(DeviceError) -> Int {
        try await knowFlash(atLeast: 0)
        guard let flashBytes else { throw .noFlash }
        return flashBytes
    }

    private func knowFlash(atLeast end: Int) async throws(DeviceError) {
        if flashBytes == nil { _ = try await flashID() }
        try await attach()
        if let flashBytes, end > flashBytes {
            throw .layout("\(hexadecimal(end)) lies beyond the flash, which ends at \(hexadecimal(flashBytes))")
        }
    }

    private func check(_ range: Range<Int>) throws(DeviceError) {
        guard range.lowerBound >= 0, range.upperBound <= FlashPlan.addressableBytes else {
            throw .layout("\(hexadecimal(range.upperBound)) lies beyond the 16 MB the loader can address")
        }
    }
}
