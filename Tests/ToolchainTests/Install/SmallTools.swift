// Tools as small as can be: archives made here, so that a test can put anything into one, and manifests that name them.

import Crypto
import FoundationEssentials
import SystemPackage
import TestSupport
import Toolchain

/// A member of an archive.
struct Member: Sendable {
    var name: String
    var type: UInt8 = UInt8(ascii: "0")
    var link = ""
    var mode = 0o644
    var modified = 1_600_000_000
    var bytes: [UInt8] = []
    /// The size that the header tells, where it lies.
    var claimed: Int?

    static func file(_ name: String, _ text: String, mode: Int = 0o644) -> Member {
        Member(name: name, mode: mode, bytes: Array(text.utf8))
    }
    static func folder(_ name: String, mode: Int = 0o755) -> Member {
        Member(name: name, type: UInt8(ascii: "5"), mode: mode)
    }
    static func link(_ name: String, to target: String) -> Member {
        Member(name: name, type: UInt8(ascii: "2"), link: target, mode: 0o777)
    }
    static func hardLink(_ name: String, to target: String, mode: Int = 0o644) -> Member {
        Member(name: name, type: UInt8(ascii: "1"), link: target, mode: mode)
    }
    /// Attributes of the member that follows, as pax has them.
    static func attributes(_ pairs: [(String, String)], type: Character = "x") -> Member {
        Member(
            name: "pax", type: type.asciiValue ?? 0,
            bytes: Array(pairs.map { Archives.record($0.0, $0.1) }.joined().utf8))
    }
}

/// Makes archives.
enum Archives {
    /// A POSIX tar, or GNU's with its own form of long names.
    static func tar(_ members: [Member], isGNU: Bool = false) -> [UInt8] {
        var out: [UInt8] = []
        for member in members {
            if isGNU {
                for (text, type) in [(member.link, "K"), (member.name, "L")] as [(String, Character)]
                where text.utf8.count > 100 {
                    let long = Member(
                        name: "././@LongLink", type: type.asciiValue ?? 0, bytes: Array(text.utf8) + [0])
                    out += entry(long, size: nil)
                }
            } else if member.name.utf8.count > 100 || member.link.utf8.count > 100 {
                out += entry(pax(member), size: nil)
            }
            out += entry(member, size: member.claimed)
        }
        return out + [UInt8](repeating: 0, count: 1024)
    }

    private static func pax(_ member: Member) -> Member {
        .attributes([("path", member.name)] + (member.link.isEmpty ? [] : [("linkpath", member.link)]))
    }

    /// An attribute in pax's form; its length counts itself.
    static func record(_ key: String, _ value: String) -> String {
        var length = key.utf8.count + value.utf8.count + 3
        length += String(length).count
        if String(length).count + key.utf8.count + value.utf8.count + 3 != length { length += 1 }
        return "\(length) \(key)=\(value)\n"
    }

    private static func entry(_ member: Member, size: Int?) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int, limit: Int) {
            for (index, byte) in text.utf8.prefix(limit).enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, at offset: Int, digits: Int) {
            let text = String(value, radix: 8)
            put(String(repeating: "0", count: max(0, digits - text.count)) + text, at: offset, limit: digits)
        }
        put(member.name, at: 0, limit: 100)
        octal(member.mode, at: 100, digits: 7)
        octal(size ?? member.bytes.count, at: 124, digits: 11)
        octal(member.modified, at: 136, digits: 11)
        header[156] = member.type
        put(member.link, at: 157, limit: 100)
        put("ustar\u{0}00", at: 257, limit: 8)
        for index in 148..<156 { header[index] = 32 }
        octal(header.reduce(0) { $0 + Int($1) }, at: 148, digits: 6)
        header[154] = 0
        let padding = (512 - member.bytes.count % 512) % 512
        return header + member.bytes + [UInt8](repeating: 0, count: padding)
    }

    /// A zip of stored members, made on Unix or, without mode bits, on DOS.
    static func zip(_ members: [Member], isDOS: Bool = false) -> [UInt8] {
        func u16(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
        func u32(_ value: Int) -> [UInt8] { u16(value & 0xFFFF) + u16(value >> 16) }
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let contents = member.type == UInt8(ascii: "2") ? Array(member.link.utf8) : member.bytes
            let name = Array(member.name.utf8)
            let kind = [UInt8(ascii: "2"): 0o120000, UInt8(ascii: "5"): 0o040000, UInt8(ascii: "3"): 0o020000]
            let mode = (kind[member.type] ?? 0o100000) | member.mode
            let fields =
                u16(0x800) + u16(0) + u16(0) + u16(0) + u32(crc(contents)) + u32(contents.count)
                + u32(member.claimed ?? contents.count) + u16(name.count) + u16(0)
            directory +=
                u32(0x0201_4B50) + u16(isDOS ? 20 : 3 << 8 | 20) + u16(20) + fields + u16(0) + u16(0) + u16(0)
                + u32(isDOS ? 0x20 : mode << 16)
                + u32(out.count) + name
            out += u32(0x0403_4B50) + u16(20) + fields + name + contents
        }
        let end =
            u32(0x0605_4B50) + u16(0) + u16(0) + u16(members.count) + u16(members.count) + u32(directory.count)
            + u32(out.count) + u16(0)
        return out + directory + end
    }

    private static func crc(_ bytes: [UInt8]) -> Int {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return Int(~crc)
    }

    /// Compresses by a program, as the ending of the name wants. Returns the path.
    static func file(_ name: String, _ bytes: [UInt8], in folder: FilePath) async throws -> FilePath {
        let programs = [".gz": "gzip -n", ".tgz": "gzip -n", ".xz": "xz", ".bz2": "bzip2", ".zst": "zstd"]
        let path = folder.appending(name)
        guard let ending = programs.keys.first(where: { name.hasSuffix($0) }), let program = programs[ending] else {
            try writeBytes(bytes, to: path)
            return path
        }
        let plain = folder.appending("plain-" + name + ".tar")
        try writeBytes(bytes, to: plain)
        let outcome = try await Peers.run(
            "/bin/sh", ["-c", "\(program) -c \"$0\" > \"$1\"", plain.string, path.string])
        guard outcome.status == 0 else { throw Errno.noSuchFileOrDirectory }
        _ = try await Peers.run("/bin/rm", [plain.string])
        return path
    }
}

func writeBytes(_ bytes: [UInt8], to path: FilePath) throws {
    let file = try FileDescriptor.open(path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    try file.closeAfter { _ = try file.writeAll(bytes) }
}

func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
}

/// A tool of one shell script that tells its version.
struct SmallTool {
    var name = "xtensa-tiny"
    var version = "1.2.3"
    var archive = "xtensa-tiny-1.2.3.tar.gz"
    var tells = "1.2.3"
    var status = 0
    /// What its program does instead.
    var script: String?

    /// What is in it: a folder of the tool's name, a program, data, a link.
    var members: [Member] {
        [
            .folder("\(name)/"), .folder("\(name)/bin/"),
            .file(
                "\(name)/bin/\(name)",
                script ?? "#!/bin/sh\necho \"\(name) version \(tells)\"\nexit \(status)\n", mode: 0o755),
            .folder("\(name)/share/"), .file("\(name)/share/data.txt", String(repeating: "data\n", count: 20000)),
            .link("\(name)/share/again.txt", to: "../share/data.txt"),
            .hardLink("\(name)/share/hard.txt", to: "\(name)/share/data.txt"),
        ]
    }

    /// Its entry in an ESP-IDF manifest.
    func entry(url: String, size: Int, sha: String, more: String = "") -> String {
        """
        {"name":"\(name)","description":"d","install":"always","info_url":"i","license":"l","supported_targets":["esp32"],
         "export_paths":[["\(name)","bin"]],"export_vars":{"TINY_HOME":"${TOOL_PATH}/\(name)"},
         "version_cmd":["\(name)","--version"],"version_regex":"version ([0-9.]+)"\(more),
         "versions":[{"name":"\(version)","status":"recommended","any":{"url":"\(url)","size":\(size),"sha256":"\(sha)"}}]}
        """
    }

    /// Writes the archive into a folder, and returns the manifest that names it there.
    func make(in folder: FilePath, url: (String) -> String, more: String = "") async throws -> String {
        let path = try await Archives.file(archive, Archives.tar(members), in: folder)
        let bytes = try Peers.contents(of: path)
        let entry = entry(url: url(archive), size: bytes.count, sha: sha256(bytes), more: more)
        return "{\"version\":3,\"tools\":[\(entry)]}"
    }
}

let linuxHost = Host(.linux, .amd64)

extension ToolManifest {
    init(text: String, host: Host = linuxHost) throws { try self.init(Array(text.utf8), name: "test", host: host) }
}
