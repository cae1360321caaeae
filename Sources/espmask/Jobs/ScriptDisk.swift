// Where scripts find their files: beside the script, in the working folder, or among the product's own.

import DeviceBridge
import ESPImage
import HIL
import SystemPackage
import Toolchain
import VirtualBoard

#if canImport(Glibc)
    import Glibc
#endif

/// The files of this machine, for the reader of scripts.
struct ScriptDisk: ScriptFiles {
    let home: ProjectHome

    func text(of path: String) -> String? { try? Files.text(path) }

    func find(_ name: String, _ role: FileRole, from folder: String) -> String? {
        let places = places(of: name, from: folder, role)
        switch role {
        case .data, .script: return places.first { Files.exists($0) && !Files.isFolder($0) }
        case .sketch: return (places + [name]).first { (try? home.sketch($0)) != nil }
        }
    }

    func files(matching pattern: String, from folder: String) -> [String] {
        for place in places(of: pattern, from: folder, .data) {
            var found = glob_t()
            defer { globfree(&found) }
            guard glob(place, 0, nil, &found) == 0 else { continue }
            let paths = (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
            return paths.filter { !Files.isFolder($0) }
        }
        return []
    }

    func complaint(aboutFault text: String) -> String? {
        do throws(VirtualBoardError) {
            _ = try FaultSpec.parse(text)
            return nil
        } catch {
            return "\(error.message); \(error.hint)"
        }
    }

    var chips: [String] { Chip.all.map(\.name) }

    func flashBytes(_ text: String) -> Int? { (try? FlashSize.named(text))?.bytes }

    private func places(of name: String, from folder: String, _ role: FileRole) -> [String] {
        if name.hasPrefix("/") { return [name] }
        let beside = folder == "." ? name : folder + "/" + name
        let places = [FilePath(beside).lexicallyNormalized().string]
        // What a file includes lies beside it, wherever it is run from.
        if role == .script { return places }
        return places + [name, home.root.pushing(FilePath(name)).string]
    }
}

/// The scripts of a command line.
struct ScriptFinder {
    let disk: ScriptDisk
    let values: [String: String]

    /// Reads the scripts that are named, and those in the folders that are named. Throws `file-not-found`.
    func read(_ paths: [String]) throws(Failure) -> [ReadScript] {
        var scripts: [ReadScript] = []
        for path in paths {
            guard Files.isFolder(path) else {
                scripts.append(read(path, try Files.text(path)))
                continue
            }
            let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
            let names = Files.names(in: folder).filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            var found: [ReadScript] = []
            for name in names {
                let file = folder + "/" + name
                let text = try Files.text(file)
                // A list of steps is there to be included.
                if !Script.isPart(text) { found.append(read(file, text)) }
            }
            let included = found.reduce(into: Set<String>()) { $0.formUnion($1.included) }
            scripts += found.filter { !included.contains(FilePath($0.script.file).lexicallyNormalized().string) }
        }
        guard !scripts.isEmpty else {
            throw Failure(
                "file-not-found", "there is no script in \(paths.joined(separator: ", "))",
                hint: "Name .yaml files, or folders that hold some.")
        }
        return scripts
    }

    private func read(_ path: String, _ text: String) -> ReadScript {
        Script.read(text, file: path, values: values, files: disk)
    }
}
