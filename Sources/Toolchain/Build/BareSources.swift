// Which sources make a bare-metal firmware and with which flags: the board's start-up, runtime and Arduino-style core,
// the sketches' libraries, the inference engine, the sketch; and, linked apart, the second stage.

import SystemPackage

/// Sources that are compiled alike; the name is the folder of their objects, which the linker script goes by.
struct SourceGroup: Sendable {
    var name: String
    var sources: [FilePath]
    var flags: [String]
}

/// One source on its way to an object.
struct CompileStep: Sendable {
    /// The object's path below the output folder.
    var name: String
    var source: FilePath
    var object: FilePath
    var dependencies: FilePath
    var program: FilePath
    var arguments: [String]
}

struct BareSources {
    var compiler: BareCompiler
    var request: BuildRequest
    var support: FilePath
    var output: FilePath

    private var home: ProjectHome { request.sketch.home }

    /// What the application is made of.
    func application() -> [SourceGroup] {
        let libraries = FileStamp.names(in: home.sketches.appending("libraries")).sorted().map {
            home.sketches.appending("libraries").appending($0).appending("src")
        }
        let includes = [support.appending("arduino"), support.appending("startup")] + libraries
        let engineHeaders = home.inferenceEngine.appending("include")
        let shared = (includes + [engineHeaders]).map { "-I\($0)" } + request.defines.map { "-D\($0)" }
        var groups = ["startup", "arduino"].map {
            SourceGroup(name: $0, sources: sources(in: support.appending($0)), flags: ["-Os"] + shared)
        }
        groups.append(SourceGroup(name: "runtime", sources: sources(in: support.appending("runtime")), flags: ["-O2"]))
        groups.append(
            SourceGroup(
                name: "InferenceC", sources: sources(in: home.inferenceEngine),
                flags: ["-O2", "-I\(engineHeaders)", "-include", support.pushing("runtime/engine_arithmetic.h").string])
        )
        for (index, library) in libraries.enumerated() {
            groups.append(
                SourceGroup(name: "library\(index)", sources: sources(in: library), flags: ["-Os"] + shared))
        }
        groups.append(
            SourceGroup(
                name: "sketch", sources: request.sketch.sources,
                flags: ["-Os", "-ffile-prefix-map=\(request.sketch.folder)=sketch"] + shared))
        return groups
    }

    /// What the second stage is made of. It has no library behind it that may turn loops into calls.
    func secondStage() -> SourceGroup {
        SourceGroup(
            name: "secondstage", sources: sources(in: support.appending("secondstage")), flags: ["-Os"])
    }

    /// The steps for a group.
    func steps(of group: SourceGroup) -> [CompileStep] {
        group.sources.map { source in
            let name = "objects/\(group.name)/\(source.lastComponent?.string ?? "source").o"
            let object = output.pushing(FilePath(name))
            let dependencies = FilePath(object.string.dropLast(2) + ".d")
            let language = language(of: source)
            return CompileStep(
                name: name, source: source, object: object, dependencies: dependencies, program: language.program,
                arguments: commonFlags + group.flags + language.flags + [
                    "-MMD", "-MF", dependencies.string, "-c", source.string, "-o", object.string,
                ])
        }
    }

    // The lx106 compiler knows no FPU and fuses nothing; the flag says so for any that does.
    private var commonFlags: [String] {
        [
            "-g", "-Wall", "-Wextra", "-ffreestanding", "-ffp-contract=off", "-mlongcalls", "-mtext-section-literals",
            "-ffunction-sections", "-fdata-sections", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables",
            "-fdiagnostics-color=never", "-ffile-prefix-map=\(home.root)=.",
            "-ffile-prefix-map=\(output)=build",
            "-isystem", compiler.headers.string, "-DSKETCH_NAME=\"\(sketchName)\"",
        ]
    }

    // The application descriptor has room for 31 characters, and the name stands in a C string.
    private var sketchName: String {
        let plain = request.sketch.name.unicodeScalars.filter {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "_" || $0 == "-")
        }
        return String(String.UnicodeScalarView(plain.prefix(31)))
    }

    private func language(of source: FilePath) -> (program: FilePath, flags: [String]) {
        switch source.extension {
        case "c": return (compiler.c, ["-std=c11"])
        case "cpp": return (compiler.cxx, cxxFlags)
        case "ino": return (compiler.cxx, cxxFlags + ["-x", "c++", "-include", "Arduino.h"])
        case .some, .none: return (compiler.c, [])
        }
    }

    private var cxxFlags: [String] {
        ["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"]
    }

    private func sources(in folder: FilePath) -> [FilePath] {
        FileStamp.names(in: folder).sorted()
            .filter { name in [".c", ".cpp", ".S"].contains { name.hasSuffix($0) } }
            .map { folder.appending($0) }
    }
}
