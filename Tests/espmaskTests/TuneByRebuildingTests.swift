// `espmask tune-arena` for sketches whose arena is fixed when they are compiled, on the virtual board. The sketches here
// behave as those on TensorFlow Lite Micro and EloquentTinyML do, and print their words.

import SystemPackage
import TestSupport
import Testing

@Suite(
    "Tune the arena by rebuilding", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct TuneByRebuildingTests {
    /// A sketch that needs 3508 bytes and says what is missing; `whenShort` is what it does then in each round.
    private static func sketch(define: String, lacks: String, whenShort: String) -> String {
        """
        #include <Arduino.h>
        \(define)
        static uint8_t arena[TENSOR_ARENA_SIZE] __attribute__((aligned(16)));
        static bool ready = false;
        void lack(const char *what, int requested, int available) {
            Serial.print(what);
            Serial.print(" Requested: ");
            Serial.print(requested);
            Serial.print(", available ");
            Serial.print(available);
            Serial.print(", missing: ");
            Serial.println(requested - available);
            Serial.println("AllocateTensors() failed");
        }
        void setup() {
            Serial.begin(115200);
            int size = (int)sizeof arena;
            \(lacks)
            if (size < 3508) return;
            memset(arena, 1, sizeof arena);
            ready = true;
        }
        void loop() {
            delay(1000);
            if (!ready) { \(whenShort) }
            Serial.println("predicting...");
            Serial.print("predicted: ");
            if (ready) Serial.println(0.47f + arena[0] * 0.01f); else Serial.println("nan");
        }
        """
    }

    private static let open = "#ifndef TENSOR_ARENA_SIZE\n#define TENSOR_ARENA_SIZE 2*1024\n#endif"
    private static let lacks = """
        if (size < 3260) { lack("Failed to resize buffer.", 2560, size - 700); return; }
            if (size < 3508) { lack("Failed to allocate tail memory.", 64, 64 - (3508 - size)); return; }
        """

    private static func tune(_ text: String, in folder: ScratchFolder) async throws -> Peers.Outcome {
        try folder.makeFolders("other")
        try folder.write(Array(text.utf8), as: "other/other.ino")
        return try await BuiltProgram.run(["tune-arena", "other", "--margin", "5", "--json"], in: folder.path)
    }

    @Test(
        "What the firmware says is missing leads to the smallest arena that predicts; it is kept and built from then on"
    )
    func followsTheFirmwaresWords() async throws {
        let folder = try ScratchFolder()
        let tuned = try await Self.tune(
            Self.sketch(define: Self.open, lacks: Self.lacks, whenShort: ""), in: folder)
        try #require(tuned.status == 0, "\(tuned.output)\(tuned.errors)")
        for part in [
            "\"minimum\":3520", "\"recommended\":3696", "\"static_estimate\":2048",
            "{\"arena\":2048,\"ok\":false,\"missing\":1212}", "{\"arena\":3520,\"ok\":true}",
            "{\"arena\":3504,\"ok\":false,\"missing\":4}", "\"kept_in\":\"other/sketch.json\"",
        ] {
            #expect(tuned.output.contains(part), "\(part) in \(tuned.output)")
        }
        let boots = try #require(tuned.output.firstMatch(of: /"boots":(\d+)/)).1
        #expect(Int(boots).map { $0 <= 8 } == true)
        // The sketch as it is built from now on is the one that is on the board.
        let again = try await BuiltProgram.run(["flash", "other", "--json"], in: folder.path)
        #expect(again.status == 0 && again.output.contains("\"written\":0"), "\(again.output)\(again.errors)")
    }

    @Test(
        "Firmware that says nothing, or that crashes in a loop, is tuned by what works",
        arguments: ["", "*(volatile int *)4 = 1;", "while (true) delay(1000);"])
    func failuresAreResults(whenShort: String) async throws {
        let folder = try ScratchFolder()
        let define = Self.open.replacing("2*1024", with: "3520")
        let tuned = try await Self.tune(Self.sketch(define: define, lacks: "", whenShort: whenShort), in: folder)
        try #require(tuned.status == 0, "\(tuned.output)\(tuned.errors)")
        for part in [
            "\"minimum\":3520", "\"boots\":2", "{\"arena\":3520,\"ok\":true}",
            "{\"arena\":3504,\"ok\":false,\"reason\":\"",
        ] {
            #expect(tuned.output.contains(part), "\(part) in \(tuned.output)")
        }
    }

    @Test("A sketch that fixes its arena beyond reach is refused with what to write instead")
    func refusesFixedSizes() async throws {
        let folder = try ScratchFolder()
        let text = Self.sketch(define: "#define TENSOR_ARENA_SIZE 2048", lacks: "", whenShort: "")
        let tuned = try await Self.tune(text, in: folder)
        #expect(tuned.status == 2, "\(tuned.output)\(tuned.errors)")
        #expect(tuned.output.contains("#ifndef TENSOR_ARENA_SIZE"), "\(tuned.output)")
    }
}
