// The verbs of `toolchain`, and `doctor`, as a user calls them: what they print, where, and the exit codes.

import Crypto
import SystemPackage
import TestSupport
import Testing

@Suite("The verbs of toolchain", .enabled(if: Peers.program("tar") != nil, "tar is not installed"))
struct ToolchainVerbTests {
    /// A folder with an archive, its manifest, a cache and a home of its own.
    private struct Place {
        let folder: ScratchFolder

        init() throws { folder = try ScratchFolder() }

        var path: FilePath { folder.path }
        var environment: [String: String] {
            [
                "ESPMASK_CACHE": path.appending("cache").string, "HOME": path.appending("home").string,
                "ESPMASK_TOOLCHAINS": path.appending("prefix").string, "IDF_PATH": "", "IDF_TOOLS_PATH": path.string,
            ]
        }

        func run(_ words: [String], more: [String: String] = [:]) async throws -> Peers.Outcome {
            try await BuiltProgram.run(
                ["toolchain"] + words, in: path, environment: environment.merging(more) { $1 })
        }

        /// Writes the archive and the manifest. `sha` and `url` make it lie.
        func make(sha: String? = nil, url: String? = nil) async throws {
            try folder.makeFolders("tiny/bin")
            try folder.write(Array("#!/bin/sh\necho tiny 1.0\n".utf8), as: "tiny/bin/tiny")
            _ = try await Peers.run("/bin/chmod", ["755", "tiny/bin/tiny"], in: path)
            _ = try await Peers.run("/bin/tar", ["-czf", "tiny.tar.gz", "tiny"], in: path)
            let bytes = try Peers.contents(of: path.appending("tiny.tar.gz"))
            let hex = SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let manifest = """
                {"version":2,"tools":[{"name":"tiny","description":"A tool","install":"always","info_url":"i","license":"l",
                "export_paths":[["tiny","bin"]],"export_vars":{"TINY":"${TOOL_PATH}"},"version_cmd":["tiny"],
                "version_regex":"tiny ([0-9.]+)","versions":[{"name":"1.0","status":"recommended",
                "any":{"url":"\(url ?? "file://\(path)/tiny.tar.gz")","size":\(bytes.count),"sha256":"\(sha ?? hex)"}}]}]}
                """
            try folder.write(Array(manifest.utf8), as: "tools.json")
        }
    }

    @Test("Install, list, env, doctor and remove tell one story")
    func story() async throws {
        let place = try Place()
        try await place.make()
        let install = try await place.run(["install", "--manifest", "tools.json", "tiny", "--json"])
        #expect(install.status == 0, "\(install.output)\(install.errors)")
        let last = try #require(install.output.split(separator: "\n").last)
        #expect(last.contains(#""event":"done""#) && last.contains(#""change":"installed""#))
        #expect(install.output.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        let list = try await place.run(["list", "--manifest", "tools.json", "--json"])
        #expect(list.output.contains(#""installed":[{"name":"tiny","version":"1.0""#))
        #expect(list.output.contains(#""available":[{"name":"tiny""#))
        let shell = try await place.run(["env"])
        let used = try await Peers.run("/bin/sh", ["-c", shell.output + "tiny; echo $TINY"])
        #expect(used.output == "tiny 1.0\n\(place.path)/prefix/tools/tiny/1.0\n")
        #expect(try await place.run(["env", "--json"]).output.hasPrefix(#"{"paths":["#))
        #expect(try await place.run(["env", "--format", "fish"]).output.contains("set -gx TINY"))
        #expect(try await place.run(["doctor", "--json"]).output.contains(#"{"name":"tiny 1.0","state":"ok""#))
        _ = try await Peers.run("/bin/rm", ["prefix/tools/tiny/1.0/tiny/bin/tiny"], in: place.path)
        let sick = try await place.run(["doctor"])
        #expect(sick.status == 5)
        #expect(sick.output.contains("broken") && sick.output.contains("do: espmask toolchain remove tiny@1.0"))
        let remove = try await place.run(["remove", "tiny"])
        #expect(remove.status == 0 && remove.output == "removed tiny 1.0\n")
        #expect(try await place.run(["remove", "tiny"]).status == 2)
    }

    @Test("What goes wrong has the contract's codes")
    func failures() async throws {
        let place = try Place()
        try await place.make()
        func code(_ words: [String], _ status: Int, _ code: String, more: [String: String] = [:]) async throws {
            let outcome = try await place.run(words + ["--json"], more: more)
            #expect(outcome.status == status, "\(outcome.output)")
            #expect(outcome.output.contains("{\"error\":{\"code\":\"\(code)\""), "\(outcome.output)")
        }
        let manifest = ["--manifest", "tools.json"]
        try await code(["install", "none"] + manifest, 2, "usage")
        try await code(["install"], 2, "usage")
        try await code(["install", "tiny", "--manifest", "gone.json"], 2, "file-not-found")
        try await code(["install", "tiny", "--mirror", "x"] + manifest, 2, "usage")
        try await code(["install", "--from", "nowhere"], 2, "file-not-found")
        try await code(["install", "arduino"], 5, "tool-missing", more: ["PATH": "/usr/bin:/bin"])
        try await code(["env", "--format", "ini"], 2, "usage")
        try place.folder.write(Array("{}".utf8), as: "empty.json")
        try await code(["install", "tiny", "--manifest", "empty.json"], 2, "manifest-invalid")
        try await place.make(sha: String(repeating: "0", count: 64))
        try await code(["install", "tiny"] + manifest, 5, "hash-mismatch")
        try await place.make(url: "http://127.0.0.1:1/tiny.tar.gz")
        let quick = ["ESPMASK_RETRY_SECONDS": "0"]
        try await code(["install", "tiny"] + manifest, 5, "download-failed", more: quick)
        for variable in ["ESPMASK_STALL_SECONDS", "ESPMASK_RETRY_SECONDS"] {
            try await code(["install", "tiny"] + manifest, 2, "usage", more: [variable: "soon"])
        }
        #expect(try await Peers.run("/usr/bin/find", ["prefix", "-name", "tiny"], in: place.path).output == "")
    }

    @Test("A bundle is installed elsewhere without curl and without its source")
    func bundle() async throws {
        let place = try Place()
        try await place.make()
        let bundle = try await place.run(["bundle", "--manifest", "tools.json", "--to", "stick"])
        #expect(bundle.status == 0, "\(bundle.errors)")
        _ = try await Peers.run(
            "/bin/sh", ["-c", "rm -rf cache tiny.tar.gz tools.json; mv stick other"], in: place.path)
        let install = try await place.run(
            ["install", "--from", "other", "--prefix", "there"], more: ["PATH": "/nowhere:\(place.path)"])
        // The tool's own script needs the shell by its path only.
        #expect(install.status == 0, "\(install.errors)")
        #expect(install.output == "tiny 1.0 installed: \(place.path)/there/tools/tiny/1.0\n")
        _ = try await Peers.run("/bin/rm", ["other/dist/tiny.tar.gz"], in: place.path)
        _ = try await Peers.run("/bin/rm", ["-rf", "cache", "there"], in: place.path)
        let lacking = try await place.run(["install", "--from", "other", "--prefix", "there", "--json"])
        #expect(lacking.status == 2 && lacking.output.contains("lacks the archive tiny.tar.gz"), "\(lacking.output)")
    }

    @Test("What cannot be bundled together, or is not in a bundle, is said")
    func bundleFailures() async throws {
        let place = try Place()
        try await place.make()
        let cases: [([String], Int32, String)] = [
            (["bundle", "idf", "--platform", "macos-arm64", "--to", "x"], 2, "machines like this one"),
            (["bundle", "arduino", "--manifest", "tools.json", "--to", "x"], 2, "manifests of their own"),
            (["bundle", "tiny@9", "--manifest", "tools.json", "--to", "x"], 2, "tiny@9"),
            (["install", "--from", "nowhere"], 2, "no bundle"),
            (["install", "--from", ""], 2, "--from is empty"),
            (["bundle", "--manifest", "tools.json", "--to", ""], 2, "--to is empty"),
            (["install", "tiny", "--manifest", "tools.json", "--prefix", ""], 2, "--prefix is empty"),
            (["install", "--from", "x", "--manifest", "https://example.org/x.json"], 2, "must be a file"),
            (["remove", "arduino"], 2, "'arduino' is not installed"), (["remove", "idf"], 2, "'idf' is not installed"),
        ]
        for (words, status, says) in cases {
            let outcome = try await place.run(words)
            #expect(outcome.status == status && outcome.errors.contains(says), "\(words): \(outcome.errors)")
        }
        // The folder may be one that downloads are taken from: its archive stays.
        for _ in 0..<2 {
            let made = try await place.run(
                ["bundle", "--manifest", "tools.json", "--to", "stick"],
                more: ["IDF_TOOLS_PATH": place.path.appending("stick").string])
            #expect(made.status == 0, "\(made.errors)")
            _ = try await Peers.run("/bin/rm", ["-rf", "cache"], in: place.path)
        }
        for name in ["arduino", "idf"] {
            let outcome = try await place.run(["install", name, "--from", "stick"])
            #expect(outcome.status == 2 && outcome.errors.contains("holds no \(name)"), "\(outcome.errors)")
        }
    }

    @Test(
        "Installations that are killed at any moment leave the old or the new",
        .enabled(if: Peers.program("python3") != nil, "no python3"))
    func kills() async throws {
        let folder = try ScratchFolder()
        let python = try #require(Peers.program("python3"))
        let count = Peers.variable("ESPMASK_KILLS") ?? "12"
        let seed = Peers.seed(named: "ESPMASK_SEED", upTo: 1_000_000)
        let script = Peers.checkout.pushing("Tests/espmaskTests/Scripts/kill_installs.py")
        let outcome = try await Peers.run(
            python, [script.string, BuiltProgram.path.string, folder.path.string, count, String(seed)], in: folder.path)
        #expect(outcome.status == 0, "ESPMASK_SEED=\(seed): \(outcome.output)\(outcome.errors)")
    }

    @Test("The doctor says what is missing and ends with 5 where nothing can be built")
    func doctor() async throws {
        let place = try Place()
        let well = try await BuiltProgram.run(["doctor", "--json"], in: place.path, environment: place.environment)
        let isThere = Peers.program("xtensa-lx106-elf-gcc") != nil
        #expect(well.status == (isThere ? 0 : 5), "\(well.output)")
        let sick = try await BuiltProgram.run(
            ["doctor", "--json"], in: place.path, environment: place.environment.merging(["PATH": "/nowhere"]) { $1 })
        #expect(sick.status == 5)
        #expect(sick.output.hasPrefix(#"{"ok":false,"checks":["#))
        for text in [
            #""name":"bare back end","state":"missing""#, "apt-get install gcc-xtensa-lx106",
            #""name":"curl","state":"absent""#,
        ] {
            #expect(sick.output.contains(text))
        }
        let page = try await BuiltProgram.run(
            ["doctor"], in: place.path, environment: place.environment.merging(["PATH": "/nowhere"]) { $1 })
        #expect(page.output.contains("do: espmask toolchain install idf"))
    }

    @Test(
        "Firmware that needs the mask ROM is refused on a virtual board, before anything is built",
        arguments: ["run", "flash", "tune-arena"])
    func virtual(verb: String) async throws {
        let folder = try ScratchFolder()
        for words in [
            ["eloquent_cnn"], ["run_model_cnn", "--backend", "idf"], ["run_model_cnn", "--backend", "arduino"],
        ] {
            let outcome = try await BuiltProgram.run([verb] + words + ["--json"], in: folder.path)
            #expect(outcome.status == 4)
            #expect(outcome.output.hasPrefix(#"{"error":{"code":"needs-mask-rom""#), "\(outcome.output)")
        }
    }

    @Test("A back end is chosen by flag, variable, espmask.yaml and sketch.json, in this order")
    func backends() async throws {
        let folder = try ScratchFolder()
        func build(_ words: [String], _ environment: [String: String] = [:]) async throws -> String {
            let quiet = ["PATH": "/nowhere", "HOME": folder.path.string, "IDF_PATH": ""].merging(environment) { $1 }
            let outcome = try await BuiltProgram.run(["build"] + words, in: folder.path, environment: quiet)
            #expect(outcome.status != 0)
            return outcome.errors
        }
        #expect(try await build(["eloquent_cnn"]).contains("espmask toolchain install arduino"))
        #expect(try await build(["run_model_cnn"]).contains("xtensa-lx106-elf-gcc"))
        try folder.write(Array("backend: idf\n".utf8), as: "espmask.yaml")
        #expect(try await build(["eloquent_cnn"]).contains("ESP-IDF"))
        #expect(try await build(["eloquent_cnn"], ["ESPMASK_BACKEND": "arduino"]).contains("arduino-cli"))
        #expect(
            try await build(["eloquent_cnn", "--backend", "bare"], ["ESPMASK_BACKEND": "arduino"])
                .contains("xtensa-lx106-elf-gcc"))
        #expect(try await build(["run_model_cnn", "--backend", "auto"]).contains("xtensa-lx106-elf-gcc"))
        #expect(try await build(["run_model_cnn", "--backend", "cargo"]).contains("there is no back end 'cargo'"))
    }
}

@Suite("Installed elsewhere", .enabled(if: Peers.program("make") != nil, "make is not installed"))
struct InstalledProgramTests {
    @Test("A copy outside the checkout finds its own files and its completions")
    func installed() async throws {
        let folder = try ScratchFolder()
        let prefix = folder.path.appending("usr")
        let make = try #require(Peers.program("make"))
        // What is built is taken as it is.
        let install = try await Peers.run(
            make, ["-o", "build", "install", "PREFIX=\(prefix)", "BIN=\(BuiltProgram.path)"], in: Peers.checkout)
        #expect(install.status == 0, "\(install.output)\(install.errors)")
        let program = prefix.pushing("bin/espmask")
        let environment = ["ESPMASK_HOME": "", "HOME": folder.path.string]
        let boards = try await Peers.run(program, ["boards"], in: folder.path, environment: environment)
        #expect(boards.status == 0 && boards.output.contains("esp32-devkitc-v4"), "\(boards.errors)")
        for file in [
            "share/bash-completion/completions/espmask", "share/zsh/site-functions/_espmask",
            "share/fish/vendor_completions.d/espmask.fish", "share/espmask/boards/esp32/tools.json",
            "share/espmask/sketches/eloquent_cnn/model.h", "share/espmask/docs/toolchain.md",
        ] {
            let text = String(decoding: try Peers.contents(of: prefix.pushing(FilePath(file))), as: UTF8.self)
            #expect(text.contains(file.hasSuffix("json") ? "qemu" : "mask"), "\(file)")
        }
        if Peers.program("xtensa-lx106-elf-gcc") != nil {
            let run = try await Peers.run(program, ["run", "--count", "1"], in: folder.path, environment: environment)
            #expect(run.status == 0, "\(run.errors)")
        }
        let list = try await Peers.run(program, ["toolchain", "list"], in: folder.path, environment: environment)
        #expect(list.output.contains("qemu-xtensa"))
    }
}
