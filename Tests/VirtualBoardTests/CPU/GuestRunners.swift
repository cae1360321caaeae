// Runs an image on qemu and on our processor and hands back the result area of each.

import SystemPackage
import TestSupport
import VirtualBoard

/// Why a run brought no results.
struct GuestFailure: Error, CustomStringConvertible {
    var description: String
}

/// Debian's qemu-system-xtensa, the "sim" machine.
enum Qemu {
    static let program = Peers.program("qemu-system-xtensa")
    /// The core whose options come closest to the ESP32's: windows, loops, booleans, MAC16, DIV32, and the
    /// single-precision unit of the same family.
    static let core = "de233_fpu"
    /// For the suites' conditions.
    static let absence = "qemu-system-xtensa is not installed: the processor is not compared with it"

    /// The result area after the image has run.
    static func run(_ image: GuestImage, core: String = core) async throws -> [UInt32] {
        try await run(image, core: core, options: []).results
    }

    /// What qemu's disassembler makes of the code that it translates.
    static func runListing(_ image: GuestImage) async throws -> String {
        try await run(image, core: core, options: ["-d", "in_asm"]).listing
    }

    private static func run(
        _ image: GuestImage, core: String, options: [String]
    ) async throws -> (results: [UInt32], listing: String) {
        guard let program else { throw GuestFailure(description: absence) }
        let folder = try ScratchFolder()
        let kernel = try folder.write(image.elf, as: "image.elf")
        var arguments = [
            "-M", "sim", "-cpu", core, "-m", "16M", "-nodefaults", "-display", "none", "-serial", "none", "-monitor",
            "none", "-semihosting", "-kernel", kernel.string,
        ]
        arguments += options
        // A derailed program may never come to its end; nothing else would stop it.
        var (command, all) = (program, arguments)
        if let timeout = Peers.program("timeout") { (command, all) = (timeout, ["600", program.string] + arguments) }
        let outcome = try await Peers.run(command, all, in: folder.path)
        guard outcome.status == 0 else {
            throw GuestFailure(description: "qemu ended with \(outcome.status): \(outcome.errors.suffix(400))")
        }
        let bytes = try Peers.contents(of: folder.path.appending("results"))
        guard bytes.count == image.resultSize else {
            throw GuestFailure(description: "qemu wrote \(bytes.count) bytes of \(image.resultSize)")
        }
        return (words(of: bytes), outcome.errors)
    }
}

/// Our processor on plain RAM.
enum VirtualProcessor {
    /// The result area after the image has run, on the decode cache or instruction by instruction.
    static func run(_ image: GuestImage, cycles: UInt64 = 40_000_000, isDecoding: Bool = true) throws -> [UInt32] {
        let memory = MemoryMap()
        memory.addRAM(GuestLayout.ram, access: .both)
        memory.addTrap(GuestLayout.end)
        for section in image.sections where section.address != GuestLayout.end.lowerBound {
            guard memory.write(section.address, section.bytes) else {
                throw GuestFailure(description: "no RAM at \(hexWord(section.address))")
            }
        }
        let processor = XtensaCPU(memory: memory, isDecoding: isDecoding)
        processor.reset(to: image.entry)
        let stop = processor.run(until: cycles)
        guard stop == .trap(address: GuestLayout.end.lowerBound) else {
            throw GuestFailure(description: "our processor stopped with \(stop) at \(hexWord(processor.pc))")
        }
        guard let bytes = memory.read(GuestLayout.results, count: image.resultSize) else {
            throw GuestFailure(description: "no results")
        }
        return words(of: bytes)
    }
}

/// Little-endian words.
private func words(of bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { place in
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
    }
}
