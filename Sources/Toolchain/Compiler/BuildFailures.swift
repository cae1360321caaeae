// What a failed build means: complaints of compiler and linker as they are, and the failures that everybody meets once,
// with their diagnosis and the ways out.

enum BuildFailures {
    /// The error for a failed build. Failures of the toolchain itself come before complaints about the sources.
    static func failure(of program: String, said: [CompilerDiagnostic], output: String) -> ToolchainError {
        if let missing = missingTool(in: output) { return .install(missing) }
        guard said.contains(where: { $0.severity == .error }) else {
            return .compilerFailed(program: program, output: firstComplaint(in: output))
        }
        return .buildFailed(said)
    }

    /// What a toolchain says when a part of it is not there.
    static func missingTool(in output: String) -> InstallError? {
        for line in output.split(whereSeparator: \.isNewline) {
            let isCore =
                line.contains("latform") && (line.contains("not installed") || line.contains("not found"))
                && line.contains("esp32")
            if isCore {
                return .programMissing(
                    name: "the ESP32 core", purpose: "the arduino back end",
                    remedy: "espmask toolchain install arduino")
            }
            if line.contains("No module named '") {
                let name = line.split(separator: "'").dropFirst().first.map { String($0) } ?? "?"
                return .programMissing(
                    name: "the Python module \(name)", purpose: "the build",
                    remedy: name == "serial"
                        ? "apt-get install python3-serial, or espmask toolchain install idf for ESP-IDF"
                        : "espmask toolchain install idf (the Python environment belongs to another version)")
            }
            if line.contains("ensurepip is not") {
                return .programMissing(
                    name: "Python's venv", purpose: "ESP-IDF's Python environment",
                    remedy: "apt-get install python3-venv")
            }
            if line.contains("has no installed versions") {
                let name = line.split(separator: " ").drop { $0 != "tool" }.dropFirst().first.map { String($0) } ?? "?"
                return .programMissing(
                    name: "the tool \(name) of ESP-IDF", purpose: "the idf back end",
                    remedy: "espmask toolchain install idf")
            }
            if let version = line.wholeMatch(of: /.*ESP-IDF supports (Python [0-9.]+ or newer) but you are.*/)?.1 {
                return .programMissing(
                    name: String(version), purpose: "ESP-IDF",
                    remedy: "put that Python on PATH as python3, then run: espmask toolchain install idf")
            }
            if line.contains("Python requirements are not satisfied") || line.contains("Python requirements not satisf")
            {
                return .programMissing(
                    name: "a Python package of ESP-IDF's", purpose: "the idf back end",
                    remedy: "espmask toolchain install idf")
            }
            let isEnvironment =
                line.contains("irtual environment") && line.contains("not found")
                || line.contains("python_env") && line.contains("doesn't exist")
                || line.contains("Python environment") && line.contains("generated for")
                || line.contains("espidf.constraints") && line.contains("doesn't exist")
            if isEnvironment {
                return .programMissing(
                    name: "ESP-IDF's Python environment", purpose: "the idf back end",
                    remedy: "espmask toolchain install idf")
            }
        }
        return nil
    }

    /// What can be done about a complaint; nil where the message says it all.
    static func hint(for complaint: CompilerDiagnostic) -> String? {
        let bytes = complaint.bytes.map { "\($0) bytes" } ?? "some bytes"
        switch complaint.code {
        case "dram-overflow":
            return
                "static data takes \(bytes) more than there is: a smaller arena (-D ARENA=N), the model in its partition "
                + "and not in an array, tables as const; the ESP32 has about 160 KB for static data whatever its heap"
        case "iram-overflow":
            return "code in IRAM takes \(bytes) more than there is: take IRAM_ATTR off what no interrupt calls; "
                + "without Bluetooth or with its controller in flash there is more"
        case "drom-overflow": return "constants take \(bytes) more than is mapped: keep the model in its partition"
        case "app-too-large":
            return
                "the firmware is \(bytes) too large for its partition: enlarge it in partitions.csv, build with -Os, "
                + "or leave Bluetooth and Wi-Fi out"
        case "literal-out-of-range":
            return
                "a function or array is so large that its literals are out of reach (l32r reaches back 256 KB): move large "
                + "tables to const arrays of a file of their own, split the function, or compile with -mtext-section-literals"
        case "wrong-core-objects":
            return "an object or library was compiled for another Xtensa core: delete the build folder and install the "
                + "library's sources, not its binaries"
        case .some, .none: break
        }
        if complaint.message.hasSuffix(": No such file or directory"), complaint.file != nil {
            let header = complaint.message.prefix { $0 != ":" }
            if ["EloquentTinyML.h", "TM1637Display.h"].contains(header) {
                return "espmask toolchain install arduino brings the library of \(header)"
            }
            return "the library with \(header) is missing: put it beside the sketch or into the sketchbook's libraries"
        }
        return nil
    }

    private static func firstComplaint(in output: String) -> String {
        let lines = output.split(whereSeparator: \.isNewline)
        let word = lines.first { $0.lowercased().contains("error") } ?? lines.last
        return word.map { String($0) } ?? ""
    }
}
