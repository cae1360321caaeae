// Reads whole scripts: the keys at the top, then setup, steps and teardown, each with what the ones before make known.

/// A script, or what is wrong with it.
package struct ReadScript: Sendable, Equatable {
    /// What was read; not to be run where there are problems.
    package var script: Script
    /// All problems, by their places.
    package var problems: [Problem]
    /// The files that it includes.
    package var included: Set<String>
}

extension Script {
    /// Reads the text of a script.
    package static func read(
        _ text: String, file: String, values: [String: String] = [:], files: any ScriptFiles
    ) -> ReadScript {
        let root: ScriptNode
        do throws(Problem) {
            root = try ScriptNode(yaml: text, file: file)
        } catch {
            return ReadScript(script: Script(name: file, file: file), problems: [error], included: [])
        }
        var reader = ScriptReader(file: file, files: files)
        reader.read(root, values: values)
        let sorted = reader.problems.sorted { $0.place < $1.place }
        var unique: [Problem] = []
        // A file that is included twice is wrong once.
        for problem in sorted where !unique.contains(problem) { unique.append(problem) }
        return ReadScript(script: reader.script, problems: unique, included: reader.included)
    }

    /// Whether the text is a part that other scripts include, and no script: a list of steps.
    package static func isPart(_ text: String) -> Bool {
        (try? ScriptNode(yaml: text, file: ""))?.elements != nil
    }
}

private struct ScriptReader {
    var script: Script
    var problems: [Problem] = []
    var included: Set<String> = []
    private let files: any ScriptFiles

    init(file: String, files: any ScriptFiles) {
        self.files = files
        script = Script(name: file, file: file)
    }

    mutating func read(_ root: ScriptNode, values: [String: String]) {
        guard let entries = root.entries else {
            problems.append(Problem(root.place, "a script is a map with the keys name and steps, not \(root.kind)"))
            return
        }
        _ = MapShape.script.check(entries, at: root.place, &problems)
        var scope = Scope()
        vars(root["vars"], values, &scope)
        var reader = ArgumentReader(scope: scope, files: files)
        head(root, &reader)
        board(root["board"], &reader)
        problems += reader.problems
        var steps = StepReader(files: files, file: script.file)
        script.setup = steps.steps(root["setup"], "setup", scope: &scope)
        script.steps = steps.steps(root["steps"], "steps", scope: &scope)
        if let node = root["steps"], node.isNull || node.elements?.isEmpty == true {
            problems.append(Problem(node.place, "steps is empty"))
        }
        script.teardown = steps.steps(root["teardown"], "teardown", scope: &scope)
        problems += steps.problems
        included = steps.included
    }

    /// A variable may stand for others that come before it; a value of the command line is the stronger one.
    private mutating func vars(_ node: ScriptNode?, _ given: [String: String], _ scope: inout Scope) {
        for (name, value) in given { scope.set(name, to: value) }
        var names = ArgumentReader(scope: scope, files: files)
        _ = names.values(node, "vars")
        problems += names.problems
        for entry in node?.entries ?? [] where given[entry.name] == nil {
            guard let raw = entry.value.text else { continue }
            do throws(ScopeError) {
                if case .text(let text) = try scope.fill(raw) { scope.set(entry.name, to: text) }
            } catch {
                problems.append(Problem(entry.value.place, error.message))
            }
        }
        script.vars = scope.values
    }

    private mutating func head(_ root: ScriptNode, _ reader: inout ArgumentReader) {
        script.name = reader.text(root["name"], "name") ?? script.file
        script.firmware.sketch = reader.file(root["sketch"], "sketch", .sketch)
        script.firmware.model = reader.file(root["model"], "model", .data)
        script.firmware.transform = reader.file(root["transform"], "transform", .data)
        script.firmware.labels = reader.texts(root["labels"], "labels")
        script.firmware.threshold = reader.number(root["threshold"], "threshold", "a number", in: -1e9...1e9)
        script.firmware.scale = reader.word(root["scale"], "scale", of: ["127", "128"]).flatMap { Int($0) }
        script.firmware.arena = reader.whole(root["arena"], "arena", in: 0...(1 << 24))
        script.timeoutSeconds = reader.seconds(root["timeout"], "timeout") ?? script.timeoutSeconds
        script.retries = reader.whole(root["retries"], "retries", in: 0...20) ?? 0
        script.seed = reader.whole(root["seed"], "seed", in: 0...Int.max).map { UInt64($0) }
        script.tags = reader.texts(root["tags"], "tags") ?? []
    }

    private mutating func board(_ node: ScriptNode?, _ reader: inout ArgumentReader) {
        guard let node, !node.isNull else { return }
        guard let entries = node.entries else {
            return reader.complain(node, "board must be a map with the keys name, chip, flash, tags, not \(node.kind)")
        }
        _ = MapShape.board.check(entries, at: node.place, &problems)
        script.board.name = reader.text(node["name"], "name")
        script.board.tags = reader.texts(node["tags"], "tags") ?? []
        if let chip = node["chip"], let text = reader.text(chip, "chip") {
            script.board.chip = text
            if !files.chips.contains(text) {
                reader.complain(chip, "'\(text)' is no chip" + Spelling.remark(text, among: files.chips))
            }
        }
        if let flash = node["flash"], let text = reader.text(flash, "flash") {
            script.board.flashBytes = files.flashBytes(text)
            if script.board.flashBytes == nil { reader.complain(flash, "'\(text)' is no flash size, such as 4MB") }
        }
    }
}
