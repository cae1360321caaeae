// Asking a chip what it is: fuses, clock, flash id, each with as few questions as will do.

extension LoaderSession {
    /// What is known of the connected chip and its flash, as `info` shows it.
    public func describe() async throws(DeviceError) -> ChipDescription {
        let chip = try connectedChip()
        let id = try await flashID()
        var description = ChipDescription(
            chip: chip.name, revision: nil, mac: nil, features: [], crystalMHz: nil, flashID: id?.text,
            flashBytes: id?.bytes, security: ChipSecurity(flashEncryption: false, secureBoot: false))
        guard chip.name == "esp32" else {
            description.security = try await laterSecurity()
            return description
        }
        let fuses = try await fuses()
        let divider = try await register(ESP32Fuses.uartClockDivider)
        description.revision = fuses.revision
        description.mac = fuses.mac
        description.features = fuses.features
        description.crystalMHz = ESP32Fuses.crystalMHz(divider: divider, baud: currentBaud)
        description.security = fuses.security
        return description
    }

    /// The ESP32's fuse words, read once per call.
    func fuses() async throws(DeviceError) -> ESP32Fuses {
        var words: [UInt32] = []
        for index in 0..<UInt32(7) {
            words.append(try await register(ESP32Fuses.block0Address + 4 * index))
        }
        let date = try await register(ESP32Fuses.apbControlDateAddress)
        guard let fuses = ESP32Fuses(block0: words, apbControlDate: date) else {
            throw .brokeOff(during: "reading the fuses", heard: "")
        }
        return fuses
    }

    /// The flash's identification, nil where nothing answers or the registers are unknown. The ROM's own settings
    /// of the flash controller are put back, since its read command relies on them.
    func flashID() async throws(DeviceError) -> FlashID? {
        guard let spi = try connectedChip().spi else { return nil }
        try await attach()
        let user = try await register(spi.user)
        let user2 = try await register(spi.user2)
        _ = try await ask(.writeRegisters(spi.reading(opcode: 0x9F, bits: 24)))
        // 32 clocks of the flash are over long before the next question has crossed the wire.
        let word = try await register(spi.data)
        _ = try await ask(.writeRegisters([RegisterWrite(spi.user, user), RegisterWrite(spi.user2, user2)]))
        let id = FlashID(word: word)
        learned(flashBytes: id.bytes)
        return id.bytes == nil ? nil : id
    }

    /// Encryption (an odd count) and secure boot (bit 0 of the flags) from GET_SECURITY_INFO.
    private func laterSecurity() async throws(DeviceError) -> ChipSecurity {
        let data = try await ask(.securityInfo).data
        return ChipSecurity(
            flashEncryption: data.count > 4 && data[4].nonzeroBitCount % 2 == 1,
            secureBoot: (data.first ?? 0) & 1 != 0)
    }

    /// What the chip's fuses protect.
    func security() async throws(DeviceError) -> ChipSecurity {
        guard try connectedChip().name == "esp32" else { return try await laterSecurity() }
        // Two words of the seven hold it.
        var words = [UInt32](repeating: 0, count: 7)
        words[0] = try await register(ESP32Fuses.block0Address)
        words[6] = try await register(ESP32Fuses.block0Address + 24)
        return ESP32Fuses(block0: words, apbControlDate: 0)?.security
            ?? ChipSecurity(flashEncryption: false, secureBoot: false)
    }

    /// The chip's revision, major * 100 + minor; nil where we cannot read it.
    func revision() async throws(DeviceError) -> Int? {
        guard try connectedChip().name == "esp32" else { return nil }
        return try await fuses().revisionNumber
    }
}
