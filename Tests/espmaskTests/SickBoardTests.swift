// Every way in which the virtual board's firmware can be sick, flashed and watched as a user does it: `espmask monitor`
// names the cause and ends with 6.

import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Sick firmware", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct SickBoardTests {
    /// The usual firmware, built once.
    private static let firmware = Task {
        let folder = try ScratchFolder()
        let built = try await BuiltProgram.run(["build", "run_model_cnn", "--output", "firmware"], in: folder.path)
        try #require(built.status == 0, "\(built.errors)")
        return folder
    }

    private static let flashFile = FilePath(".espmask/boards/esp32-devkitc-v4/flash.bin")

    /// A folder with a board that has the usual firmware and no model.
    private static func board() async throws -> ScratchFolder {
        let folder = try ScratchFolder()
        let built = try await firmware.value.path.appending("firmware").string
        let flashed = try await BuiltProgram.run(["flash", built], in: folder.path)
        try #require(flashed.status == 0, "\(flashed.errors)")
        return folder
    }

    /// The same with a slot of the demo model, changed.
    private static func board(_ change: (inout DamagedSlot) throws -> Void) async throws -> ScratchFolder {
        let folder = try await board()
        let model = Peers.checkout.appending("models").appending("mask_cnn_10.tflite").string
        let packed = try await BuiltProgram.run(["model", "pack", model, "-o", "slot.bin"], in: folder.path)
        try #require(packed.status == 0, "\(packed.errors)")
        var slot = DamagedSlot(bytes: try Peers.contents(of: folder.path.appending("slot.bin")))
        try change(&slot)
        try folder.write(slot.sealed, as: "slot.bin")
        let flashed = try await BuiltProgram.run(["flash", "0x110000", "slot.bin"], in: folder.path)
        try #require(flashed.status == 0, "\(flashed.errors)")
        return folder
    }

    /// A folder with a board that runs a sketch.
    private static func board(sketch: String) async throws -> ScratchFolder {
        let folder = try ScratchFolder()
        _ = folder.path.appending("sick").withPlatformString { mkdir($0, 0o755) }
        try folder.write(Array(sketch.utf8), as: "sick/sick.ino")
        let flashed = try await BuiltProgram.run(["flash", "sick", "--only", "firmware"], in: folder.path)
        try #require(flashed.status == 0, "\(flashed.output)\(flashed.errors)")
        return folder
    }

    /// Watches until a line comes, for at most half a minute.
    private static func watch(
        _ folder: ScratchFolder, until line: String, _ arguments: [String] = []
    ) async throws -> Peers.Outcome {
        try await BuiltProgram.run(
            ["monitor", "--json", "--until", line, "--timeout", "30"] + arguments, in: folder.path)
    }

    /// Watches a board that restarts without end, longer where the machine is too busy to see it restart thrice.
    private static func watchLoop(
        _ folder: ScratchFolder, _ arguments: [String] = []
    ) async throws -> Peers.Outcome {
        func watch(seconds: Int) async throws -> Peers.Outcome {
            try await BuiltProgram.run(["monitor", "--timeout", "\(seconds)"] + arguments, in: folder.path)
        }
        let result = try await watch(seconds: 2)
        let isSeen = (result.output + result.errors).contains("reboot-loop")
        return isSeen ? result : try await watch(seconds: 20)
    }

    private static func codes(_ result: Peers.Outcome) -> [String] {
        result.output.split(separator: "\n").compactMap { line in
            let head = "{\"event\":\"diagnosis\",\"code\":\""
            return line.hasPrefix(head) ? String(line.dropFirst(head.count).prefix { $0 != "\"" }) : nil
        }
    }

    private static func expect(_ result: Peers.Outcome, _ code: String, _ detail: String) {
        #expect(result.status == 6, "\(result.output.suffix(2000))\(result.errors)")
        #expect(codes(result).first == code, "\(result.output.suffix(2000))")
        #expect(result.output.contains(detail), "\(result.output.suffix(2000))")
    }

    @Test("An arena that is too small in the slot's header: how much is missing and what to try")
    func arena() async throws {
        let folder = try await Self.board { $0.setArena(600) }
        let result = try await Self.watch(folder, until: "error=")
        let words = result.output.split { " \",".contains($0) }
        let needed = try #require(words.first { $0.hasPrefix("needed=") }.flatMap { Int($0.dropFirst(7)) })
        #expect(needed > 1000)
        Self.expect(result, "arena-too-small", "\"missing\":\(needed - 600)")
        #expect(result.output.contains("\"suggested_arena\":\((needed + 15) / 16 * 16)"))
    }

    @Test("A model with an operator that the engine does not have")
    func operators() async throws {
        // LOGISTIC becomes GATHER.
        let folder = try await Self.board { try $0.setOperatorCode(14, to: 36) }
        Self.expect(try await Self.watch(folder, until: "error="), "op-missing", "GATHER")
    }

    @Test("Something else than a model in the model's place")
    func wrongModel() async throws {
        let folder = try await Self.board { try $0.setIdentifier("JUNK") }
        Self.expect(try await Self.watch(folder, until: "error="), "model-invalid", "espmask: error=model-invalid")
    }

    @Test("A blank model partition: the command that fills it")
    func blank() async throws {
        Self.expect(
            try await Self.watch(try await Self.board(), until: "error="), "model-missing", "espmask flash --only model"
        )
    }

    @Test("Weights that are nan predict nan")
    func weights() async throws {
        let folder = try await Self.board { try $0.breakWeights() }
        Self.expect(try await Self.watch(folder, until: "count=1"), "nan-output", "\"value\":null")
    }

    @Test("A recursion without end overflows the stack, and the task is named")
    func stack() async throws {
        let folder = try await Self.board(
            sketch: """
                int deep(int n) {
                    volatile char room[256];
                    room[n % 256] = (char)n;
                    return n > 100000 ? 0 : deep(n + 1) + room[n % 256];
                }
                void setup() { Serial.begin(115200); }
                void loop() { Serial.println(deep(0)); }
                """)
        Self.expect(try await Self.watch(folder, until: "Rebooting"), "stack-overflow", "\"task\":\"loopTask\"")
    }

    @Test("A store through a null pointer: cause, address, and the function and line out of the build that runs")
    func nullStore() async throws {
        let folder = try await Self.board(
            sketch: """
                volatile int *target;
                void setup() { Serial.begin(115200); }
                void loop() {
                    *target = 1;
                }
                """)
        let result = try await Self.watch(folder, until: "Rebooting")
        Self.expect(result, "panic", "\"cause\":\"StoreProhibited\"")
        #expect(result.output.contains("\"address\":\"0x0\""))
        #expect(result.output.contains("\"elf_matches\":true"))
        #expect(result.output.contains("\"function\":\"loop\""))
        #expect(result.output.contains("sick.ino\",\"line\":4"))
    }

    @Test("The same without the build's ELF file: said, not guessed")
    func missingELF() async throws {
        let folder = try await Self.board(
            sketch: """
                volatile int *target;
                void setup() { Serial.begin(115200); }
                void loop() { *target = 2; }
                """)
        let elf = folder.path.pushing(FilePath(".espmask/build/sick/firmware.elf"))
        #expect(elf.withPlatformString { unlink($0) } == 0)
        let result = try await Self.watch(folder, until: "Rebooting")
        Self.expect(result, "panic", "\"event\":\"note\",\"code\":\"elf\"")
        #expect(!result.output.contains("\"function\":\"loop\""))
    }

    /// Says once why its model does not run, and goes on without one.
    private static let withoutModel = """
        void setup() {
            Serial.begin(115200);
            Serial.println("Failed to resize buffer. Requested: 3404, available 2036, missing: 1368");
            Serial.println("AllocateTensors() failed");
        }
        void loop() {
            Serial.println("predicted: nan");
            delay(50);
        }
        """

    @Test("A nan whose cause was printed before anybody listened: said, and with --reset the cause is read")
    func unheardStart() async throws {
        let folder = try await Self.board(sketch: Self.withoutModel)
        // The board's first 1500 bytes are lost, and with them its start and the one that --reset asks for.
        let lost = (1...1500).map { "drop:byte=\($0),dir=tx" }.joined(separator: ";")
        let server = try BuiltProgram.start(["board", "serve", "--rfc2217", "0", "--fault", lost], in: folder.path)
        defer { _ = server.end() }
        let line = try #require(server.line())
        let port = String(try #require(line.split(separator: "\"").last { $0.hasPrefix("rfc2217:") }))
        let result = try await Self.watch(folder, until: "AllocateTensors", ["--port", port, "--reset"])
        Self.expect(result, "nan-output", "not heard: resetting the board to read it")
        #expect(result.output.contains("\"event\":\"boot\""))
        #expect(Self.codes(result).contains("arena-too-small"), "\(result.output.suffix(2000))")
        #expect(result.output.contains("\"missing\":1368"))

        // Without --reset the running board is left alone.
        let left = try await Self.watch(folder, until: "count=20", ["--port", port])
        Self.expect(left, "nan-output", "not heard: run again with --reset")
        #expect(!left.output.contains("\"event\":\"boot\""))
        // With it the start is heard, and what the board said before does no harm.
        let heard = try await Self.watch(folder, until: "AllocateTensors", ["--port", port, "--reset"])
        #expect(heard.status == 6 && Self.codes(heard).contains("arena-too-small"), "\(heard.output.suffix(2000))")
    }

    /// Timer group 0's watchdog, stage 0 resets the system (TRM, "Watchdog Timers").
    private static let hang = """
        void setup() {
            Serial.begin(115200);
            Serial.println("starting");
            volatile uint32_t *group = (volatile uint32_t *)0x3FF5F000;
            group[0x64 / 4] = 0x50D83AA1;
            group[0x4C / 4] = 40000u << 16;
            group[0x50 / 4] = 200;
            group[0x60 / 4] = 1;
            group[0x48 / 4] = 1u << 31 | 3u << 29;
        }
        void loop() { for (;;) {} }
        """

    @Test("A program that hangs until the watchdog bites, which says nothing but the reset's cause")
    func watchdog() async throws {
        let folder = try await Self.board(sketch: Self.hang)
        Self.expect(
            try await Self.watch(folder, until: "TG0WDT_SYS_RESET"), "watchdog-reset", "\"reset\":\"TG0WDT_SYS_RESET\"")
    }

    @Test("A supply that sags")
    func brownout() async throws {
        let folder = try await Self.board()
        let server = try BuiltProgram.start(
            ["board", "serve", "--rfc2217", "0", "--fault", "brownout:ms=500"], in: folder.path)
        defer { _ = server.end() }
        let line = try #require(server.line())
        let port = String(try #require(line.split(separator: "\"").last { $0.hasPrefix("rfc2217:") }))
        let result = try await Self.watch(folder, until: "BROWN_OUT", ["--port", port])
        #expect(result.status == 6)
        #expect(Self.codes(result).contains("brownout"), "\(result.output)")
    }

    @Test(
        "Damage in flash is named for what it is: the application, its head, the table, the second stage, nothing there",
        arguments: [
            (0x11000, 1, nil, "image-invalid-header", "computed"), (0x10000, 1, 0x0A, "no-bootable-app", "0x10000"),
            (0x8000, 1, 0x2C, "partition-table-corrupt", "0x8000"),
            (0x1100, 1, nil, "image-invalid-header", "csum err"),
            (0x1000, 0x7000, 0xFF, "image-invalid-header", "\"blank\":true"),
            (0x10000, 0x100000, 0xFF, "no-bootable-app", "0xff"),
        ] as [(Int, Int, UInt8?, String, String)])
    func damage(place: Int, count: Int, value: UInt8?, code: String, detail: String) async throws {
        let folder = try await Self.board()
        let file = folder.path.pushing(Self.flashFile)
        var bytes = try Peers.contents(of: file)
        for index in place..<place + count { bytes[index] = value ?? bytes[index] ^ 0x40 }
        try folder.write(bytes, as: Self.flashFile.string)
        Self.expect(
            try await Self.watch(folder, until: "error=|csum err|invalid header"), code, detail)
    }

    @Test("A board that restarts again and again: the cause first, the loop with its period, the scrolling stopped")
    func loop() async throws {
        let folder = try await Self.board(
            sketch: """
                volatile int *target;
                void setup() { Serial.begin(115200); Serial.println("starting"); *target = 1; }
                void loop() {}
                """)
        let result = try await Self.watchLoop(folder, ["--json"])
        #expect(result.status == 6)
        #expect(Self.codes(result).prefix(2) == ["panic", "reboot-loop"], "\(result.output.suffix(2000))")
        #expect(result.output.contains("\"period_ms\":"))
        let people = try await Self.watchLoop(folder)
        #expect(people.errors.contains("--- error: reboot-loop"), "\(people.errors)")
        #expect(people.errors.contains("restarts in a row"))
        let starts = people.output.split(separator: "\n").count { $0 == "starting" }
        #expect(starts < 6, "\(starts) starts scrolled by")
    }

    @Test("A firmware that restarts itself on and on is a loop too")
    func softwareLoop() async throws {
        let folder = try await Self.board(
            sketch: """
                extern "C" void board_restart(void);
                void setup() { Serial.begin(115200); Serial.println("starting"); board_restart(); }
                void loop() {}
                """)
        let result = try await Self.watchLoop(folder, ["--json"])
        Self.expect(result, "reboot-loop", "\"severity\":\"error\"")
    }
}
