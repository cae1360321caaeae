// Debian's cross compiler for the lx106, whose instruction set the ESP32's LX6 contains, with picolibc. Its specs file
// does not work there, so headers and libraries are named by path.

import Glibc
import SystemPackage

/// The cross compiler and its C library, found on this machine.
struct BareCompiler: Sendable {
    static let packages = ["gcc-xtensa-lx106", "picolibc-xtensa-lx106-elf"]
    private static let triple = "xtensa-lx106-elf"

    /// For C, assembler and linking.
    let c: FilePath
    /// For C++.
    let cxx: FilePath
    /// picolibc's headers.
    let headers: FilePath
    /// picolibc's libraries.
    let libraries: FilePath
    /// What changes when another compiler is installed.
    let identity: String

    /// Looks along PATH. Throws `compiler-missing` with the packages to install.
    static func find(path: String) throws(ToolchainError) -> BareCompiler {
        let c = try program("gcc", path: path)
        let cxx = try program("g++", path: path)
        let prefix = c.removingLastComponent().removingLastComponent()
        let root = prefix.appending("lib").appending(triple)
        let headers = root.appending("include")
        guard FileStamp.of(headers.appending("stdint.h")) != nil else {
            throw .compilerMissing(program: "picolibc for \(triple)", packages: packages)
        }
        let stamp = FileStamp.of(c)
        return BareCompiler(
            c: c, cxx: cxx, headers: headers, libraries: root.appending("lib"),
            identity: "\(c) \(stamp?.size ?? 0) \(stamp?.modified ?? 0)")
    }

    private static func program(_ name: String, path: String) throws(ToolchainError) -> FilePath {
        let file = "\(triple)-\(name)"
        for folder in path.split(separator: ":") {
            let candidate = FilePath(String(folder)).appending(file)
            if candidate.withPlatformString({ access($0, X_OK) }) == 0 { return candidate }
        }
        throw .compilerMissing(program: file, packages: packages)
    }
}
