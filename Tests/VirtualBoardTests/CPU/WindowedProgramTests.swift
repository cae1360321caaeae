// Windowed calls on qemu and on our processor, with the spill and fill handlers in the image.

import TestSupport
import Testing
import VirtualBoard

@Suite("Windowed calls", .enabled(if: Qemu.program != nil, "\(Qemu.absence)"))
struct WindowedProgramTests {
    @Test(
        "random chains of windowed calls give what they give on qemu, through overflow and underflow",
        arguments: [1..<201 as Range<UInt64>, 201..<401, 401..<601], [Qemu.core, "dc233c"])
    func programs(seeds: Range<UInt64>, core: String) async throws {
        let batch = WindowedProgramBatch(seeds: seeds)
        // The other core has no booleans and no float unit, which the start code does not touch.
        let differences = batch.differences(
            try await Qemu.run(batch.image, core: core), try VirtualProcessor.run(batch.image))
        #expect(differences.isEmpty, "\(differences.prefix(20).joined(separator: "\n"))")
    }

    @Test(
        "a spill or fill handler with one wrong word is found",
        arguments: [0x03, 0x43, 0x83, 0x8C, 0xC3, 0xD2, 0x103, 0x10F, 0x143, 0x152])
    func wrongHandlers(offset: Int) throws {
        let batch = WindowedProgramBatch(seeds: 1..<101)
        let right = try VirtualProcessor.run(batch.image)
        var altered = batch.image
        let vectors = try #require(altered.sections.firstIndex { $0.address == GuestLayout.vectors })
        // A load or store of another register.
        altered.sections[vectors].bytes[offset] ^= 0x40
        let found: Bool
        do {
            found = try !batch.differences(right, VirtualProcessor.run(altered, cycles: 4_000_000)).isEmpty
        } catch {
            // It lost its way altogether.
            found = true
        }
        #expect(found)
    }
}
