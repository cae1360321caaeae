// `espmask model` as a user calls it: what it tells, the header that a C compiler takes, and the drawing.

import SystemPackage
import TestSupport
import Testing

@Suite("espmask model")
struct ModelTests {
    private static let model = Peers.checkout.appending("models").appending("mask_cnn_10_int8.tflite")
    private static let compiler = Peers.program("cc") ?? Peers.program("clang")

    @Test(
        "The header compiles as C and as C++, and the array in it is the file",
        .enabled(if: compiler != nil, "no C compiler"), arguments: ["c11", "c++17"])
    func headerCompiles(standard: String) async throws {
        let folder = try ScratchFolder()
        // No identifier as it stands: a digit first, a minus, a blank.
        let source = try folder.write(try Peers.contents(of: Self.model), as: "10-mask cnn.tflite")
        let made = try await BuiltProgram.run(["model", "header", source.string, "-o", "model.h"], in: folder.path)
        try #require(made.status == 0, "\(made.errors)")
        let program = """
            #include "model.h"
            #include <stdio.h>
            int main(void) {
                printf("%u %zu %d %d %d %d\\n", model_10_mask_cnn_len, sizeof model_10_mask_cnn, NUMBER_OF_INPUTS,
                    NUMBER_OF_OUTPUTS, TENSOR_ARENA_SIZE, (int)((size_t)model_10_mask_cnn % 16));
                for (unsigned i = 0; i < model_10_mask_cnn_len; i++) printf("%02x", model_10_mask_cnn[i]);
                return 0;
            }
            """
        try folder.write(Array(program.utf8), as: "main.c")
        let language = standard == "c11" ? "c" : "c++"
        let compiler = try #require(Self.compiler)
        let compiled = try await Peers.run(
            compiler, ["-x", language, "-std=\(standard)", "-Wall", "-Werror", "main.c", "-o", "main"], in: folder.path)
        try #require(compiled.status == 0, "\(compiled.errors)")
        let ran = try await Peers.run(folder.path.appending("main"), [], in: folder.path)
        let lines = ran.output.split(separator: "\n")
        let bytes = try Peers.contents(of: Self.model)
        let info = try await BuiltProgram.run(["model", "info", Self.model.string, "--json"], in: folder.path)
        let arena = try #require(info.output.firstMatch(of: /"arena":\{"bytes":(\d+)/)).1
        #expect(lines.first == "\(bytes.count) \(bytes.count) 100 1 \(arena) 0")
        #expect(hex(String(lines.last ?? "")) == bytes)
    }

    @Test("What a model needs is drawn over time, by tensor, beside what TFLM would need")
    func memoryOverTime() async throws {
        let folder = try ScratchFolder()
        let shown = try await BuiltProgram.run(["model", "info", Self.model.string], in: folder.path)
        try #require(shown.status == 0, "\(shown.errors)")
        let lines = shown.output.split(separator: "\n")
        #expect(lines.contains { $0.hasPrefix("arena ") && $0.hasSuffix("; no smaller one is possible") })
        // Sixteen rows of the arena, as wide as five operators, and the one that needs most under its column.
        let rows = lines.filter { $0.firstMatch(of: /^ +\d* \|[A-Za-z*.]+\|$/) != nil }
        #expect(rows.count == 16 && Set(rows.map(\.count)).count == 1, "\(shown.output)")
        #expect(lines.contains { $0.firstMatch(of: /^ +most +\^$/) != nil }, "\(shown.output)")
        #expect(lines.filter { $0.firstMatch(of: /^  [A-Z] \d+\.\.<\d+ +\d+ bytes/) != nil }.count == 6)
        let needed = try #require(shown.output.firstMatch(of: /arena +(\d+) bytes/)).1
        let other = try #require(shown.output.firstMatch(of: /TFLM +would need about (\d+) bytes/)).1
        let (ours, theirs) = (try #require(Int(needed)), try #require(Int(other)))
        #expect(ours < 400 && theirs > 1400 && theirs < 1800, "\(shown.output)")
    }

    @Test("The drawing is well-formed XML with a box for every tensor, whatever the tensors are called")
    func drawing() async throws {
        let folder = try ScratchFolder()
        var bytes = try Peers.contents(of: Self.model)
        // A tensor's name that would break out of the picture.
        let name = Array("serving_default".utf8)
        if let at = bytes.indices.first(where: { bytes[$0...].starts(with: name) }) {
            bytes.replaceSubrange(at..<(at + 6), with: Array("</g>&\"".utf8))
        }
        let source = try folder.write(bytes, as: "model.tflite")
        let made = try await BuiltProgram.run(
            ["model", "info", source.string, "--svg", "memory.svg", "--json"], in: folder.path)
        try #require(made.status == 0, "\(made.errors)")
        let text = String(decoding: try Peers.contents(of: folder.path.appending("memory.svg")), as: UTF8.self)
        let tensors = made.output.matches(of: /"tensor":\d+/).count
        #expect(tensors > 3 && text.matches(of: /<g><title>/).count == tensors)
        if let python = Peers.program("python3") {
            let parse = "import sys, xml.etree.ElementTree as e; print(e.parse(sys.argv[1]).getroot().tag)"
            let parsed = try await Peers.run(python, ["-c", parse, "memory.svg"], in: folder.path)
            #expect(parsed.output.contains("}svg"), "\(parsed.errors)")
        }
    }
}
