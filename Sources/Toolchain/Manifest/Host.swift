// The machine that tools are for, and which of a manifest's archives suit it. Both worlds have their rules: ESP-IDF
// names a platform (`linux-amd64`), Arduino matches a GNU triplet against patterns; both have stand-ins for hosts
// without archives of their own.

import Glibc
import SystemPackage

/// An operating system and a processor, as toolchain archives know them.
public struct Host: Equatable, Hashable, Sendable {
    /// The operating system.
    public enum System: String, Sendable, CaseIterable {
        /// Linux with glibc.
        case linux
        /// macOS.
        case macos
        /// Windows.
        case windows
        /// FreeBSD.
        case freebsd
    }

    /// The processor and, for 32-bit ARM, the way floats are passed.
    public enum Architecture: String, Sendable, CaseIterable {
        /// x86-64.
        case amd64
        /// 32-bit x86.
        case i686
        /// 64-bit ARM.
        case arm64
        /// 32-bit ARM that passes floats in registers of the FPU.
        case armhf
        /// 32-bit ARM that does not.
        case armel
        /// 64-bit RISC-V.
        case riscv64
    }

    /// The operating system.
    public var system: System
    /// The processor.
    public var architecture: Architecture

    /// Names a host.
    public init(_ system: System, _ architecture: Architecture) {
        self.system = system
        self.architecture = architecture
    }

    /// The host that `uname` describes; nil for one that no archives are made for.
    ///
    /// `executable` is the beginning of a program that runs there: on ARM, uname tells of the kernel, which may be
    /// another architecture than the programs of a container or a 32-bit userland.
    public init?(system name: String, machine: String, executable: [UInt8] = []) {
        let systems: [String: System] = [
            "Linux": .linux, "Darwin": .macos, "Windows": .windows, "FreeBSD": .freebsd,
        ]
        let machines: [String: Architecture] = [
            "x86_64": .amd64, "amd64": .amd64, "AMD64": .amd64, "i386": .i686, "i586": .i686, "i686": .i686,
            "x86": .i686, "aarch64": .arm64, "arm64": .arm64, "ARM64": .arm64, "armv8l": .arm64, "armv7l": .armel,
            "arm": .armel, "riscv64": .riscv64,
        ]
        guard let system = systems[name], var architecture = machines[machine] else { return nil }
        if system == .linux, let seen = Self.armArchitecture(ofELF: executable) {
            switch architecture {
            case .arm64, .armhf, .armel: architecture = seen
            case .amd64, .i686, .riscv64: break
            }
        }
        self.init(system, architecture)
    }

    /// Reads ESP-IDF's name of a platform, `linux-amd64` or `macos`; nil for an unknown one.
    public init?(platform: String) {
        guard let host = Self.all.first(where: { $0.platform == platform }) else { return nil }
        self = host
    }

    /// The machine this runs on; nil where nobody makes archives for it.
    public static let current: Host? = {
        var names = utsname()
        guard uname(&names) == 0 else { return nil }
        var head = [UInt8](repeating: 0, count: 64)
        if let file = try? FileDescriptor.open("/proc/self/exe", .readOnly) {
            _ = try? file.closeAfter { try head.withUnsafeMutableBytes { try file.read(into: $0) } }
        }
        return Host(
            system: withUnsafeBytes(of: names.sysname) { text(of: $0) },
            machine: withUnsafeBytes(of: names.machine) { text(of: $0) }, executable: head)
    }()

    /// ESP-IDF's name for it; nil where ESP-IDF has none.
    public var platform: String? {
        switch (system, architecture) {
        case (.linux, .amd64): "linux-amd64"
        case (.linux, .i686): "linux-i686"
        case (.linux, .arm64): "linux-arm64"
        case (.linux, .armhf): "linux-armhf"
        case (.linux, .armel): "linux-armel"
        case (.macos, .amd64): "macos"
        case (.macos, .arm64): "macos-arm64"
        case (.windows, .amd64): "win64"
        case (.windows, .i686): "win32"
        case (.windows, .arm64): "win-arm64"
        case (_, _): nil
        }
    }

    /// The keys of an ESP-IDF manifest that suit the host, the best first.
    ///
    /// FreeBSD runs Linux's programs, Windows on ARM those for 64-bit x86, and `any` is for everybody.
    var platformKeys: [String] {
        switch (system, architecture) {
        case (.freebsd, .amd64): ["linux-amd64", "any"]
        case (.freebsd, .i686): ["linux-i686", "any"]
        case (.windows, .arm64): ["win-arm64", "win64", "any"]
        case (_, _): (platform.map { [$0] } ?? []) + ["any"]
        }
    }

    /// The name that an ESP-IDF manifest's overrides go by.
    var overridePlatform: String? {
        switch (system, architecture) {
        case (.freebsd, .amd64): "linux-amd64"
        case (.freebsd, .i686): "linux-i686"
        case (_, _): platform
        }
    }

    /// How well an Arduino index's `host` triplet suits, by arduino-cli's table (internal/arduino/cores/tools.go): 1000 for an archive of the host's own, less for one that an
    /// emulation runs, nil for none.
    func suitability(ofTriplet triplet: String) -> Int? {
        if triplet == "all" { return 1000 }
        for (rank, pattern) in tripletPatterns where triplet.firstMatch(of: pattern) != nil { return rank }
        return nil
    }

    private var tripletPatterns: [(Int, Regex<Substring>)] {
        let windows32 = /i[3456]86-.*(?:mingw32|cygwin)/
        let windows64 = /(?:amd64|x86_64)-.*(?:mingw32|cygwin)/
        let mac32 = /i[3456]86-apple-darwin/
        switch (system, architecture) {
        case (.linux, .amd64): return [(1000, /x86_64-.*linux-gnu/)]
        case (.linux, .i686): return [(1000, /i[3456]86-.*linux-gnu/)]
        case (.linux, .arm64): return [(1000, /(?:aarch64|arm64)-linux-gnu/)]
        case (.linux, .armhf), (.linux, .armel): return [(1000, /arm.*-linux-gnueabihf/)]
        case (.linux, .riscv64): return [(1000, /riscv64-linux-gnu/)]
        case (.macos, .amd64): return [(1000, /x86_64-apple-darwin/), (10, mac32)]
        case (.macos, .arm64):
            return [(1000, /arm64-apple-darwin/), (20, /x86_64-apple-darwin/), (10, mac32)]
        case (.macos, .i686): return [(1000, mac32)]
        case (.windows, .amd64): return [(1000, windows64), (10, windows32)]
        case (.windows, .arm64):
            return [(1000, /(?:aarch64|arm64)-.*(?:mingw32|cygwin)/), (20, windows64), (10, windows32)]
        case (.windows, .i686): return [(1000, windows32)]
        case (.freebsd, .amd64): return [(1000, /amd64-freebsd/)]
        case (.freebsd, .i686): return [(1000, /i?[3456]86-freebsd/)]
        case (.freebsd, .armhf), (.freebsd, .armel): return [(1000, /arm.*-freebsd/)]
        case (_, _): return []
        }
    }

    /// Every combination.
    static let all = System.allCases.flatMap { system in Architecture.allCases.map { Host(system, $0) } }

    // ELF: the machine is the half word at 18 (183 is AArch64, 40 is ARM); bit 0x400 of an ARM file's e_flags, the word
    // at 36, says that floats go in registers.
    private static func armArchitecture(ofELF bytes: [UInt8]) -> Architecture? {
        guard bytes.count >= 40, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        switch Int(bytes[18]) | Int(bytes[19]) << 8 {
        case 183: return .arm64
        case 40: return bytes[37] & 0x04 != 0 ? .armhf : .armel
        case _: return nil
        }
    }

    private static func text(of field: UnsafeRawBufferPointer) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}
