// One build under way: the record of the last one, what was found to be done, and the steps themselves. The record is
// written back at the end, and after a failure too, so that what did compile need not be compiled again.

import ESPImage
import SystemPackage

struct BuildWork {
    let sources: BareSources
    let jobs: Int
    private(set) var record: BuildRecord
    private(set) var didSomething = false
    private var files = FileView()
    private var steps: [String: StepRecord] = [:]

    private var recordPath: FilePath { sources.output.appending("build.json") }
    var applicationELF: FilePath { sources.output.appending("firmware.elf") }
    private var secondStageELF: FilePath { sources.output.appending("second-stage.elf") }

    init(sources: BareSources, jobs: Int) {
        self.sources = sources
        self.jobs = jobs
        record = BuildRecord.read(sources.output.appending("build.json"))
    }

    /// Everything the compiler and linker said, in the order of the steps' names.
    var complaints: String {
        record.steps.sorted { $0.key < $1.key }.map(\.value.complaints).joined()
    }

    mutating func perform() async throws(ToolchainError) {
        let before = record
        record.additions = nil
        let failure: ToolchainError?
        do {
            try await compileAndLink()
            failure = nil
        } catch {
            failure = error
        }
        if failure == nil {
            record.steps = steps
        } else {
            record.steps.merge(steps) { _, new in new }
        }
        if record != before { try record.write(to: recordPath) }
        if let failure { throw failure }
    }

    private mutating func compileAndLink() async throws(ToolchainError) {
        let application = sources.application().flatMap { sources.steps(of: $0) }
        let secondStage = sources.steps(of: sources.secondStage())
        try await compile(application + secondStage)
        try await link(
            application, script: sources.support.appending("application.ld"), into: applicationELF)
        try await link(
            secondStage, script: sources.support.appending("secondstage").appending("secondstage.ld"),
            into: secondStageELF)
        try makeImages()
    }

    // Compiles what is not current, `jobs` at a time; after a failure no further one is begun.
    private mutating func compile(_ all: [CompileStep]) async throws(ToolchainError) {
        var waiting: [CompileStep] = []
        for step in all {
            if let current = files.current(record.steps[step.name], arguments: fingerprint(step)) {
                steps[step.name] = current
            } else {
                waiting.append(step)
            }
        }
        if waiting.isEmpty { return }
        didSomething = true
        for folder in Set(waiting.map { $0.object.removingLastComponent() }) { try FileStamp.makeFolder(folder) }
        var failures: [String] = []
        for (step, outcome) in try await Self.run(waiting, jobs: jobs) {
            if outcome.succeeded {
                steps[step.name] = note(step, complaints: outcome.output)
            } else {
                failures.append(outcome.output)
            }
        }
        if failures.isEmpty { return }
        throw Self.failure(sources.compiler.c, output: failures.joined())
    }

    private static func run(
        _ steps: [CompileStep], jobs: Int
    ) async throws(ToolchainError) -> [(CompileStep, CompilerOutcome)] {
        typealias Ended = (CompileStep, Result<CompilerOutcome, ToolchainError>)
        let ended = await withTaskGroup(of: Ended.self) { group in
            var next = 0
            var ended: [Ended] = []
            var failed = false
            func begin() {
                guard next < steps.count, !failed else { return }
                let step = steps[next]
                next += 1
                group.addTask {
                    do throws(ToolchainError) {
                        return (step, .success(try await CompilerProcess.run(step.program, step.arguments)))
                    } catch {
                        return (step, .failure(error))
                    }
                }
            }
            for _ in 0..<jobs { begin() }
            while let one = await group.next() {
                ended.append(one)
                if (try? one.1.get())?.succeeded != true { failed = true }
                begin()
            }
            return ended
        }
        var outcomes: [(CompileStep, CompilerOutcome)] = []
        for (step, result) in ended.sorted(by: { $0.0.name < $1.0.name }) {
            outcomes.append((step, try result.get()))
        }
        return outcomes
    }

    // What an object was made from is known from the dependency file its compilation wrote.
    private mutating func note(_ step: CompileStep, complaints: String) -> StepRecord? {
        guard let bytes = try? FileStamp.contents(of: step.dependencies),
            let rule = DependencyFile(parsing: String(decoding: bytes, as: UTF8.self)),
            let made = FileStamp.of(step.object)
        else { return nil }
        files.forget(step.object.string)
        let inputs = rule.prerequisites.compactMap { files.input($0) }
        guard inputs.count == rule.prerequisites.count else { return nil }
        return StepRecord(
            arguments: fingerprint(step), inputs: inputs,
            outputs: [StepOutput(path: step.object.string, stamp: made)], complaints: complaints)
    }

    private func fingerprint(_ step: CompileStep) -> [String] {
        [sources.compiler.identity] + step.arguments
    }

    private mutating func link(
        _ objects: [CompileStep], script: FilePath, into elf: FilePath
    ) async throws(ToolchainError) {
        let arguments =
            ["-nostdlib", "-Wl,--gc-sections", "-Wl,-Map=\(elf.string.dropLast(4)).map", "-T", script.string]
            + objects.map(\.object.string) + ["-L\(sources.compiler.libraries)", "-lc", "-lgcc", "-o", elf.string]
        let name = elf.lastComponent?.string ?? "elf"
        let fingerprint = [sources.compiler.identity] + arguments
        if let current = files.current(record.steps[name], arguments: fingerprint) {
            steps[name] = current
            return
        }
        didSomething = true
        let outcome = try await CompilerProcess.run(sources.compiler.c, arguments)
        guard outcome.succeeded else { throw Self.failure(sources.compiler.c, output: outcome.output) }
        files.forget(elf.string)
        let inputs = ([script.string] + objects.map(\.object.string)).compactMap { files.input($0) }
        guard let made = FileStamp.of(elf) else { throw .unreadable(path: elf, .noSuchFileOrDirectory) }
        steps[name] = StepRecord(
            arguments: fingerprint, inputs: inputs, outputs: [StepOutput(path: elf.string, stamp: made)],
            complaints: outcome.output)
    }

    private mutating func makeImages() throws(ToolchainError) {
        let images = BareImages(
            board: sources.request.board,
            table: sources.request.sketch.home.boards.pushing(FilePath(sources.request.board.partitions)),
            secondStage: secondStageELF, application: applicationELF, output: sources.output)
        if let current = files.current(record.steps["images"], arguments: images.fingerprint) {
            steps["images"] = current
            return
        }
        didSomething = true
        let made = try images.make()
        record.images = made.images
        record.sizes = made.sizes
        let outputs = made.images.compactMap { image in
            FileStamp.of(FilePath(image.file)).map { StepOutput(path: image.file, stamp: $0) }
        }
        steps["images"] = StepRecord(
            arguments: images.fingerprint, inputs: images.inputs.compactMap { files.input($0.string) },
            outputs: outputs, complaints: "")
    }

    private static func failure(_ program: FilePath, output: String) -> ToolchainError {
        let said = CompilerDiagnostic.parse(output)
        guard said.contains(where: { $0.severity == .error }) else {
            return .compilerFailed(program: program.lastComponent?.string ?? program.string, output: output)
        }
        return .buildFailed(said)
    }
}
