// What `flash` and `run` bring to a board: the firmware of a sketch, built now, or of an earlier build's folder, and
// the model of its settings.

import DeviceBridge
import ESPImage
import SystemPackage
import Toolchain

/// A board update made from a sketch or a folder.
struct FlashJob {
    let home: ProjectHome
    let settings: Settings
    let update: BoardUpdate
    /// The project, where a sketch was named.
    let project: Project?
    /// The model, where one goes along.
    let model: PackedModel?
    /// The firmware's ELF file, where it was built now.
    let elf: FilePath?

    /// Builds and packs. `what` is a sketch, the folder of an earlier build, or nil for the usual sketch; `defines` are
    /// for a sketch's compiler.
    init(
        what: String?, flags: [SettingName: String], part: FlashCommand.Part, defines: [String] = [], console: Console
    ) async throws {
        if let what, let folder = try FlashJob.builtFolder(what) {
            home = try ProjectHome.find(environment: Console.environmentVariables, executable: Console.executable)
            settings = try Project.settings(flags: flags)
            if folder.backend != .bare { try FlashJob.refuseVirtual(folder.backend, settings) }
            project = nil
            elf = nil
            let path = settings[.model]?.text
            model = try part == .firmware ? nil : path.map { try PackedModel(path: $0, options: .init()) }
            let board = try home.board(named: settings[.board]?.text ?? Project.defaultBoard)
            // A model that was packed with the build goes the way of every model: into the slot that is not in force.
            let packed = folder.images.first { $0.label == FlashJob.modelLabel }
            let slot = try model?.slot ?? packed.map { try ModelSlot(parsing: try Files.read($0.file)) }
            update = try FlashJob.update(
                images: folder.images.filter { $0.label != FlashJob.modelLabel }, slot: slot, board: board, part: part)
            return
        }
        let project = try Project(flags: flags, sketch: what)
        self.project = project
        home = project.home
        settings = project.settings
        model = try part == .firmware ? nil : PackedModel(project: project)
        if project.backend != .bare { try FlashJob.refuseVirtual(project.backend, settings) }
        // A sketch that fixes its arena at build time gets the one of the settings.
        var defines = defines
        if defines.isEmpty, let arena = try settings.number(.arena), arena > 0,
            try ArenaDefine.find(in: project.sketch) != nil
        {
            defines = [ArenaDefine.argument(arena)]
        }
        let built = try await FirmwareBuild(environment: Console.environmentVariables).build(
            BuildRequest(sketch: project.sketch, board: project.board, defines: defines), with: project.backend)
        for warning in built.warnings { console.note("warning: \(warning.message)") }
        elf = built.elf
        update = try FlashJob.update(images: built.images, slot: model?.slot, board: project.board, part: part)
    }

    /// Throws `needs-mask-rom` for a virtual board, before minutes are spent on building.
    private static func refuseVirtual(_ backend: BuildBackend, _ settings: Settings) throws {
        let ports = (settings[.port]?.text ?? "virtual:").split(separator: ",")
        guard ports.contains(where: { $0.hasPrefix("virtual:") }) else { return }
        throw Failure(
            "needs-mask-rom",
            "firmware of the back end \(backend.rawValue) calls the chip's mask ROM, which a virtual board has not",
            hint: "Name a real board with --port, or build with --backend bare.")
    }

    /// The folder's images where it is one without a sketch in it.
    private static func builtFolder(_ what: String) throws -> BuiltFolder? {
        let folder = FilePath(what)
        guard Files.isFolder(what), !Files.holdsSketch(what) else { return nil }
        return try BuiltFolder(folder)
    }

    private static func update(
        images: [BuildResult.Image], slot: ModelSlot?, board: BoardDescription, part: FlashCommand.Part
    ) throws -> BoardUpdate {
        let flashBytes = try FlashSize.named(board.flash.size).bytes
        var layout = FlashLayout(flashSize: flashBytes)
        var table: PartitionTable?
        var regions: [DeviceBridge.FlashRegion] = []
        for image in images {
            let bytes = try Files.read(image.file)
            // What overlaps or does not fit is found out here, before any board is touched.
            try layout.add(.init(offset: image.offset, bytes: bytes, label: image.label))
            if image.offset == tableOffset { table = try PartitionTable(binary: bytes) }
            regions.append(.init(offset: image.offset, bytes: bytes, label: image.label))
        }
        try fit(images, in: table)
        var update = BoardUpdate(chip: board.chip, plan: try FlashPlan(part == .model ? [] : regions))
        if let slot, part != .firmware {
            guard let table else { throw Failure.noPlaceForModel }
            let partition = try table.partition(named: "model")
            update.model = .init(slot: slot, partition: partition.offset..<partition.end)
        }
        return update
    }

    /// Where the chip's second stage looks for the table.
    static let tableOffset = 0x8000

    /// What a build calls the model that was packed with it.
    static let modelLabel = "model"

    /// Throws `layout-overlap` for an application that is larger than its partition.
    private static func fit(_ images: [BuildResult.Image], in table: PartitionTable?) throws {
        guard let table else { return }
        for image in images {
            guard let partition = table.partitions.first(where: { $0.offset == image.offset }) else { continue }
            let bytes = try Files.size(image.file)
            guard bytes > partition.size else { continue }
            throw Failure(
                "layout-overlap",
                "\(image.file) has \(bytes) bytes, \(bytes - partition.size) more than the partition "
                    + "'\(partition.name)' at 0x\(String(partition.offset, radix: 16)) holds",
                hint: "Make the partition larger in the board's partition table, or the firmware smaller.")
        }
    }
}

extension Failure {
    /// A model that should go along with a build that has no partition table.
    static var noPlaceForModel: Failure {
        Failure(
            "partition-table-invalid", "the build has no partition table, so there is no place for the model",
            hint: "Build the sketch again, or flash with --only firmware.")
    }
}
