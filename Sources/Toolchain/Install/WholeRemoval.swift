// Takes away what `toolchain install arduino` and `toolchain install idf` put into the prefix, beside the tools that have
// receipts. What is somebody else's stays.

public import SystemPackage

extension Installer {
    /// Removes Arduino's core with arduino-cli's folders and the libraries. Returns the folder. Throws `usage` where there
    /// is none.
    public func removeArduino() async throws(ToolchainError) -> [FilePath] {
        let folder = ArduinoFolders(prefix: prefix).data.removingLastComponent()
        guard FileStamp.isDirectory(folder) else { throw .install(.notInstalled(name: "arduino")) }
        return try await removeWhole([folder])
    }

    /// Removes clones of ESP-IDF, all of them where no version is named, and then its Python environments too. Returns
    /// what was removed. Throws `usage` where there is none.
    public func removeIDF(version: String?) async throws(ToolchainError) -> [FilePath] {
        let own = FoundIDF.all(environment: [:], prefix: prefix).filter { $0.source == .own && $0.isVersion(version) }
        var places = own.map(\.path)
        if version == nil {
            places += FileStamp.names(in: prefix.root)
                .filter { $0 == "python_env" || $0 == "idf-env.json" || $0.hasPrefix("espidf.constraints.") }.sorted()
                .map { prefix.root.appending($0) }
        }
        guard !places.isEmpty else {
            throw .install(.notInstalled(name: "idf" + (version.map { "@\($0)" } ?? "")))
        }
        return try await removeWhole(places)
    }

    // Out of sight in one step each, then away in many.
    private func removeWhole(_ places: [FilePath]) async throws(ToolchainError) -> [FilePath] {
        do throws(ToolchainError) {
            let lock = try await FolderLock.acquire(in: prefix.root)
            defer { lock.release() }
            try Tree.remove(prefix.staging)
            try FileStamp.makeFolder(prefix.staging)
            for place in places {
                guard let name = place.lastComponent?.string else { continue }
                try FileStamp.rename(place, to: prefix.staging.appending(name))
            }
            try Tree.remove(prefix.staging)
            return places
        } catch {
            throw error.storing(in: .prefix, folder: prefix.root)
        }
    }
}
