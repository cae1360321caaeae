// `espmask test` as a user and a CI see it: exit codes, messages, JSON lines, and boards that die beside others.

import SystemPackage
import TestSupport
import Testing

@Suite("The verb test", .enabled(if: Peers.program("xtensa-lx106-elf-gcc") != nil, "no cross compiler"))
struct TestVerbTests {
    private static let happy = """
        name: happy
        timeout: 1200
        steps: [flash, expect-boot, expect: 'espmask: ready', compare-host: { random: 3 }, expect-no-diagnosis]
        """
    private static let wrong = "name: wrong\ntimeout: 1200\nsteps: [flash, expect: { text: 'arena=9999', within: 2 }]\n"
    private static let crash = """
        volatile int *target;
        void setup() { Serial.begin(115200); Serial.println("starting"); *target = 1; }
        void loop() {}
        """

    private static func folder(_ scripts: [String: String]) throws -> ScratchFolder {
        let folder = try ScratchFolder()
        for (name, text) in scripts { try folder.write(Array(text.utf8), as: name) }
        return folder
    }

    @Test("A test that passes ends with 0, one that fails with 1, with a line for each and one for all")
    func verdicts() async throws {
        let folder = try Self.folder(["a.yaml": Self.happy, "b.yaml": Self.wrong])
        let good = try await BuiltProgram.run(["test", "a.yaml", "--json"], in: folder.path)
        #expect(good.status == 0, "\(good.output)\(good.errors)")
        let lines = good.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix(#"{"event":"test","name":"happy","port":"virtual:","verdict":"passed""#) == true)
        #expect(
            lines.last?.hasPrefix(#"{"event":"summary","passed":1,"failed":0,"errors":0,"flaky":0,"skipped":0"#) == true
        )
        let bad = try await BuiltProgram.run(
            ["test", ".", "--junit", "junit.xml", "--report", "report.html"], in: folder.path)
        #expect(bad.status == 1)
        #expect(bad.output.contains("'arena=9999' did not come within 2 s"))
        #expect(bad.output.contains("nearest:  espmask: arena=1284 used=1284"))
        let log = try Peers.contents(of: folder.path.pushing(".espmask/tests/a.happy.log"))
        #expect(String(decoding: log, as: UTF8.self).contains("espmask: ready"))
        for file in ["junit.xml", "report.html"] {
            #expect(try Peers.contents(of: folder.path.appending(file)).count > 500)
        }
    }

    @Test("Scripts that are wrong end with 2 before any board is touched, with all that is wrong")
    func wrongScripts() async throws {
        let folder = try Self.folder([
            "a.yaml": "name: a\nsteps: [buld, expect: { regex: '(' }]\n", "b.yaml": Self.happy,
        ])
        for arguments in [["--lint"], []] {
            let result = try await BuiltProgram.run(["test", "a.yaml", "b.yaml"] + arguments, in: folder.path)
            #expect(result.status == 2)
            #expect(result.errors.contains("a.yaml:2:9: 'buld' is no step; did you mean 'build'?\n"))
            #expect(result.errors.contains("a.yaml:2:32: '(' is no regular expression: "))
            #expect(result.errors.contains("error: 2 problems in 2 scripts [script-invalid]"))
        }
        let json = try await BuiltProgram.run(["test", "a.yaml", "--json"], in: folder.path)
        #expect(json.status == 2)
        #expect(json.output.hasPrefix(#"{"error":{"code":"script-invalid","message":"2 problems in 1 script\n"#))
        #expect(json.output.contains(#"{"file":"a.yaml","line":2,"column":9,"#))
        #expect(!Peers.writable(folder.path.appending(".espmask").string))
        let good = try await BuiltProgram.run(["test", "b.yaml", "--lint"], in: folder.path)
        #expect(good.status == 0)
    }

    @Test(
        "Without a board it ends with 3 and says why",
        arguments: [
            (["--port", "socket://127.0.0.1:9"], "port-not-found"),
            (["--port", "virtual:", "--tags", "special"], "board-mismatch"),
        ])
    func noBoard(arguments: [String], code: String) async throws {
        let special = "name: special\ntags: [special]\nboard: { chip: esp32s3 }\nsteps: [reset]\n"
        let folder = try Self.folder(["a.yaml": Self.happy + "\ntags: [usual]\n", "b.yaml": special])
        let result = try await BuiltProgram.run(["test", "a.yaml", "b.yaml"] + arguments, in: folder.path)
        #expect(result.status == 3, "\(result.output)")
        #expect(result.errors.contains("[\(code)]"), "\(result.errors)")
    }

    @Test("Eight boards at once: one crashes, seven pass")
    func eightBoards() async throws {
        var scripts = ["crash/crash.ino": Self.crash]
        let folder = try ScratchFolder()
        try folder.makeFolders("crash")
        try folder.makeFolders("tests")
        for number in 1...7 { scripts["tests/\(number).yaml"] = Self.happy.replacing("happy", with: "happy \(number)") }
        scripts["tests/8.yaml"] =
            "name: crash\ntimeout: 1200\nsketch: crash\nsteps: [flash: { only: firmware }, expect-no-diagnosis]\n"
        for (name, text) in scripts { try folder.write(Array(text.utf8), as: name) }
        let ports = (1...8).map { "virtual:#\($0)" }.joined(separator: ",")
        let result = try await BuiltProgram.run(["test", "tests", "--port", ports, "--json"], in: folder.path)
        #expect(result.status == 1)
        #expect(result.output.contains(#""summary","passed":7,"failed":1,"errors":0,"#), "\(result.output)")
        #expect(result.output.contains(#""name":"crash","port":"virtual:#8","verdict":"failed""#), "\(result.output)")
        #expect(Set(result.output.matches(of: /"port":"([^"]+)"/).map { String($0.output.1) }).count == 8)
    }

    @Test("A board that dies is set aside, and its test passes elsewhere, which is told")
    func death() async throws {
        let text =
            "name: lives on\ntimeout: 1200\nsteps: [flash, compare-host: { random: 1 }, sleep-board: 600, compare-host: { random: 1 }]\n"
        let folder = try Self.folder(["a.yaml": text])
        let server = try BuiltProgram.start(
            ["board", "serve", "--rfc2217", "0", "--board", "esp32-devkitc-v4#served"], in: folder.path)
        defer { _ = server.end() }
        let line = try #require(server.line())
        let port = String(try #require(line.split(separator: "\"").last { $0.hasPrefix("rfc2217:") }))
        let test = try BuiltProgram.start(["test", "a.yaml", "--json", "--port", "\(port),virtual:"], in: folder.path)
        // It is being flashed once something is where the second stage belongs.
        let flash = folder.path.pushing(".espmask/boards/esp32-devkitc-v4#served/flash.bin")
        while try Peers.contents(of: flash)[0x1000..<0x1010].allSatisfy({ $0 == 0xFF }) {
            try await Task.sleep(for: .milliseconds(50))
        }
        _ = server.end(9)
        var lines: [String] = []
        for _ in 0..<3 { if let line = test.line() { lines.append(line) } }
        #expect(test.end() == 0, "\(lines)")
        #expect(lines.first?.contains(#""event":"board","port":"\#(port)","set_aside":"#) == true, "\(lines)")
        #expect(lines.dropFirst().first?.contains(#""verdict":"flaky""#) == true, "\(lines)")
    }

    @Test("Ctrl-C ends with 130, and the board can be used at once")
    func interruption() async throws {
        let folder = try Self.folder([
            "a.yaml":
                "name: long\ntimeout: 1200\nsteps: [flash, repeat: { times: 1000000, steps: [sleep-board: 100] }]\n"
        ])
        let test = try BuiltProgram.start(["test", "a.yaml"], in: folder.path)
        while !Peers.writable(folder.path.pushing(".espmask/boards/esp32-devkitc-v4/flash.bin").string) {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(test.end(2) == 130)
        let next = try await BuiltProgram.run(["reset"], in: folder.path)
        #expect(next.status == 0, "\(next.errors)")
    }

    @Test("A test that failed and then passed is flaky, never simply passed")
    func flaky() async throws {
        // The first attempt leaves the model behind that the second one finds.
        let text =
            "name: flaky\ntimeout: 1200\nsteps: [flash: { only: firmware }, expect: { text: 'espmask: ready', within: 2 }]\nteardown: [flash]\n"
        let folder = try Self.folder(["a.yaml": text])
        let result = try await BuiltProgram.run(["test", "a.yaml", "--json", "--retries", "1"], in: folder.path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(#""verdict":"flaky""#))
        #expect(result.output.contains("did not come within 2 s"))
    }
}
