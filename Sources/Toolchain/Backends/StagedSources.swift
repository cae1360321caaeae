// The sources as a vendor's toolchain wants them: copied into the output folder, since nothing of it may be written
// beside the sketch or into an installed product. A file that has not changed keeps its date, so that nothing is compiled
// again for it.

import SystemPackage

struct StagedSources {
    let request: BuildRequest
    let output: FilePath

    private var home: ProjectHome { request.sketch.home }

    /// The board's partition table, or the sketch's own.
    func partitions() throws(ToolchainError) -> (path: FilePath, bytes: [UInt8]) {
        let own = request.sketch.folder.appending("partitions.csv")
        let path = FileStamp.of(own) != nil ? own : home.boards.pushing(FilePath(request.board.partitions))
        return (path, try FileStamp.contents(of: path))
    }

    /// The sketch's folder with its partition table in it, as arduino-cli takes it: named as its .ino file is.
    func sketch() throws(ToolchainError) -> FilePath {
        let name = mainName
        let folder = output.appending("sketch").appending(name)
        for file in FileStamp.names(in: request.sketch.folder).sorted() {
            let source = request.sketch.folder.appending(file)
            let kinds = [".ino", ".cpp", ".c", ".h", ".hpp", ".S"]
            guard kinds.contains(where: { file.hasSuffix($0) }), !FileStamp.isDirectory(source) else { continue }
            let target =
                file.hasSuffix(".ino") && request.sketch.sources.filter { $0.extension == "ino" }.count == 1
                ? "\(name).ino" : file
            try copy(source, to: folder.appending(target))
        }
        try write(try partitions().bytes, to: folder.appending("partitions.csv"))
        return folder
    }

    /// The sketch's name as a program's: arduino-cli and CMake take no others.
    var mainName: String {
        let plain = request.sketch.name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" }
        return plain.isEmpty ? "sketch" : String(plain)
    }

    /// InferenceC as an Arduino library.
    func inferenceLibrary() throws(ToolchainError) -> FilePath {
        let folder = output.appending("libraries").appending("InferenceC")
        try copyEngine(to: folder.appending("src"))
        try write(Array(Self.libraryProperties.utf8), to: folder.appending("library.properties"))
        return folder
    }

    /// InferenceC, the sketches' library and a small Arduino-style core as components of ESP-IDF.
    func components() throws(ToolchainError) -> FilePath {
        let folder = output.appending("components")
        let engine = folder.appending("InferenceC")
        try copyEngine(to: engine)
        try component(engine, needs: [], options: ["-O2", "-ffp-contract=off"])
        let libraries = home.sketches.appending("libraries")
        for name in FileStamp.names(in: libraries).sorted() where !name.hasPrefix(".") {
            let library = folder.appending(name)
            try copyAll(libraries.appending(name).appending("src"), to: library)
            try component(library, needs: ["InferenceC", "espmask_arduino", "esp_partition"])
        }
        let core = folder.appending("espmask_arduino")
        guard let bare = request.board.bare else { throw .bareUnsupported(board: request.board.name) }
        let support = home.boards.pushing(FilePath(bare))
        // Print, Stream and the names of Arduino.h are the bare core's; what touches the chip is made of ESP-IDF's parts.
        let portable = ["Arduino.h", "HardwareSerial.h", "Print.h", "Print.cpp", "Stream.h"]
        for file in portable { try copy(support.appending("arduino").appending(file), to: core.appending(file)) }
        try copyAll(support.appending("idf"), to: core)
        try component(core, needs: ["esp_driver_uart", "esp_timer", "esp_hw_support", "esp_driver_gpio", "freertos"])
        return folder
    }

    /// A project of ESP-IDF around the sketch.
    func project() throws(ToolchainError) -> FilePath {
        let folder = output.appending("project")
        let main = folder.appending("main")
        var sources = ["sketch.cpp"]
        var includes = "#include <Arduino.h>\n"
        for source in request.sketch.sources {
            guard let name = source.lastComponent?.string else { continue }
            try copy(source, to: main.appending(name))
            if source.extension == "ino" { includes += "#include \"\(name)\"\n" } else { sources.append(name) }
        }
        for name in FileStamp.names(in: request.sketch.folder) where name.hasSuffix(".h") {
            try copy(request.sketch.folder.appending(name), to: main.appending(name))
        }
        try write(Array(includes.utf8), to: main.appending("sketch.cpp"))
        let list = sources.map { "\"\($0)\"" }.joined(separator: " ")
        let libraries = FileStamp.names(in: home.sketches.appending("libraries")).filter { !$0.hasPrefix(".") }.sorted()
        try write(
            Array(
                """
                idf_component_register(SRCS \(list) INCLUDE_DIRS "."
                    REQUIRES espmask_arduino InferenceC \(libraries.joined(separator: " ")))
                target_compile_definitions(${COMPONENT_LIB} PRIVATE ${ESPMASK_DEFINES})

                """.utf8), to: main.appending("CMakeLists.txt"))
        try write(
            Array(
                """
                cmake_minimum_required(VERSION 3.16)
                set(COMPONENTS main)
                include($ENV{IDF_PATH}/tools/cmake/project.cmake)
                project(\(mainName))

                """.utf8), to: folder.appending("CMakeLists.txt"))
        return folder
    }

    private func component(
        _ folder: FilePath, needs: [String], options: [String] = []
    ) throws(ToolchainError) {
        let requires = needs.isEmpty ? "" : " REQUIRES \(needs.joined(separator: " "))"
        let flags = options.map { "\ntarget_compile_options(${COMPONENT_LIB} PRIVATE \($0))" }.joined()
        let text = """
            file(GLOB sources ${CMAKE_CURRENT_LIST_DIR}/*.c ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
            idf_component_register(SRCS ${sources} INCLUDE_DIRS "."\(requires))\(flags)
            target_compile_definitions(${COMPONENT_LIB} PRIVATE ${ESPMASK_DEFINES})

            """
        try write(Array(text.utf8), to: folder.appending("CMakeLists.txt"))
    }

    private func copyEngine(to folder: FilePath) throws(ToolchainError) {
        try copyAll(home.inferenceEngine, to: folder)
        try copyAll(home.inferenceEngine.appending("include"), to: folder)
    }

    private func copyAll(_ source: FilePath, to folder: FilePath) throws(ToolchainError) {
        for name in FileStamp.names(in: source).sorted() where !FileStamp.isDirectory(source.appending(name)) {
            let isSource = [".c", ".cpp", ".h", ".S"].contains { name.hasSuffix($0) }
            if isSource { try copy(source.appending(name), to: folder.appending(name)) }
        }
    }

    private func copy(_ source: FilePath, to target: FilePath) throws(ToolchainError) {
        try write(try FileStamp.contents(of: source), to: target)
    }

    /// Writes what is not there in that form.
    func write(_ bytes: [UInt8], to path: FilePath) throws(ToolchainError) {
        if FileStamp.of(path)?.size == bytes.count, (try? FileStamp.contents(of: path)) == bytes { return }
        try FileStamp.makeFolder(path.removingLastComponent())
        try FileStamp.write(bytes, to: path)
    }

    private static let libraryProperties = """
        name=InferenceC
        version=1.0.0
        author=espmask
        maintainer=espmask
        sentence=Runs TensorFlow Lite models in place, without allocating memory.
        paragraph=Reads a .tflite flatbuffer where it lies, plans its memory, and runs it: float32 and int8.
        category=Data Processing
        url=
        architectures=*
        includes=InferenceC.h

        """
}
