// ESP-IDF's own Python scripts, and the environment in which idf.py runs. They are run so that nothing is written into
// the checkout; which folder of tools belongs to it is what FoundIDF says.

import Glibc
import SystemPackage

/// Runs `idf_tools.py` of a checkout.
struct IDFScripts: Sendable {
    /// The checkout.
    let idf: FilePath
    /// The folder of its tools and its Python environment.
    let toolsPath: FilePath
    let python: FilePath
    let environment: [String: String]

    init(_ idf: FoundIDF, toolsPath: FilePath? = nil, environment: [String: String]) throws(ToolchainError) {
        self.idf = idf.path
        self.toolsPath = toolsPath ?? idf.toolsPath
        python = try Programs.find("python3", environment: environment, purpose: "ESP-IDF")
        self.environment = environment
    }

    /// The environment of the scripts: the checkout is somebody else's, and Python would leave compiled files in it.
    var variables: [String: String] {
        environment.merging([
            "IDF_PATH": idf.string, "IDF_TOOLS_PATH": toolsPath.string, "PYTHONDONTWRITEBYTECODE": "1",
        ]) { $1 }
    }

    func run(_ words: [String], more: [String: String] = [:]) async throws(ToolchainError) -> ProgramOutcome {
        let script = idf.pushing("tools/idf_tools.py").string
        return try await Programs.run(python, [script] + words, environment: variables.merging(more) { $1 })
    }

    /// Runs a step of an installation. Throws `tool-missing` with what the script says of its failure.
    func step(_ words: [String], more: [String: String] = [:]) async throws(ToolchainError) {
        let outcome = try await ProgramFailure.asStep { () async throws(ToolchainError) in
            try await run(["--non-interactive"] + words, more: more)
        }
        guard !outcome.succeeded else { return }
        if let missing = BuildFailures.missingTool(in: outcome.errors + outcome.output) { throw .install(missing) }
        let said = Self.complaint(in: outcome.errors + outcome.output) ?? "it ended with \(outcome.status)"
        throw .install(.stepFailed(step: "idf_tools.py \(words.joined(separator: " "))", reason: said))
    }

    /// What a script's output says of a failure: its last error, and what it warned of just before.
    static func complaint(in output: String) -> String? {
        let lines = output.split(whereSeparator: \.isNewline).map { String($0).trimmed }
        guard let last = lines.last(where: { $0.contains("ERROR") || $0.contains("rror:") }) else { return nil }
        // "Failed to download, and retry count has expired" does not say what; the warning before it does.
        let warning = lines.last { $0.hasPrefix("WARNING: ") && $0.contains("ailed") }
        return [last, warning].compactMap { $0 }.joined(separator: "; ")
    }
}

/// How idf.py is called, and in which environment.
struct IDFEnvironment: Sendable {
    var program: FilePath
    var arguments: [String]
    var variables: [String: String]

    /// The checkout.
    var checkout: FilePath { FilePath(variables["IDF_PATH"] ?? "") }
    /// The Python that a build folder is configured for.
    var interpreter: String { variables["IDF_PYTHON_ENV_PATH"] ?? program.string }

    /// The environment that is active, else that of an ESP-IDF that is found. Throws `tool-missing`.
    static func find(
        environment: [String: String], prefix: InstallPrefix
    ) async throws(ToolchainError) -> IDFEnvironment {
        if environment["IDF_PATH"] != nil, let active = Programs.path("idf.py", environment: environment) {
            let variables = environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
            return IDFEnvironment(program: active, arguments: [], variables: variables)
        }
        guard let idf = FoundIDF.all(environment: environment, prefix: prefix).first else {
            throw .install(
                .programMissing(
                    name: "ESP-IDF", purpose: "the idf back end", remedy: "espmask toolchain install idf"))
        }
        return try await of(idf, environment: environment)
    }

    /// The environment of a checkout. Throws `tool-missing` where its tools are not all there.
    static func of(_ idf: FoundIDF, environment: [String: String]) async throws(ToolchainError) -> IDFEnvironment {
        let scripts = try IDFScripts(idf, environment: environment)
        var variables = scripts.variables
        let outcome: ProgramOutcome
        if let script = idf.activationScript, FileStamp.of(script) != nil {
            outcome = try await Programs.run("/bin/sh", [script.string, "-e"], environment: variables)
        } else {
            outcome = try await scripts.run(["--quiet", "export", "--format", "key-value"])
        }
        guard outcome.succeeded else {
            // Being quiet it does not say why; it does when it is asked again.
            let loud = try await scripts.run(["export", "--format", "key-value"])
            let text = loud.errors + loud.output + outcome.errors
            if let missing = BuildFailures.missingTool(in: text) { throw .install(missing) }
            let reason = IDFScripts.complaint(in: text) ?? "it ended with \(outcome.status)"
            throw .install(.stepFailed(step: "idf_tools.py export", reason: reason))
        }
        apply(outcome.output, to: &variables)
        // The export leaves a file by which a shell could undo it. Nobody will here.
        let undoing = "IDF_DEACTIVATE_FILE_PATH"
        if let left = variables.removeValue(forKey: undoing), left != environment[undoing] {
            _ = left.withCString { unlink($0) }
        }
        let inEnvironment = variables["IDF_PYTHON_ENV_PATH"].map { FilePath($0).pushing("bin/python") }
        let interpreter = inEnvironment.flatMap { Programs.isExecutable($0) ? $0 : nil } ?? scripts.python
        return IDFEnvironment(
            program: interpreter, arguments: [idf.path.pushing("tools/idf.py").string], variables: variables)
    }

    /// Takes `NAME=VALUE` lines; `$PATH` in PATH's value stands for what it was.
    static func apply(_ lines: String, to variables: inout [String: String]) {
        for line in lines.split(whereSeparator: \.isNewline) {
            guard let equals = line.firstIndex(of: "="), BareBuild.isDefinition(String(line[..<equals])) else {
                continue
            }
            let name = String(line[..<equals])
            let value = String(line[line.index(after: equals)...])
            variables[name] = value.replacing("$PATH", with: variables["PATH"] ?? "/usr/bin:/bin")
        }
    }
}
