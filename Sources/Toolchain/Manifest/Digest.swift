// A promised digest: SHA-256 in ESP-IDF's manifests, `SHA-256:`, `SHA-1:` or `MD5:` with hex digits in Arduino's. The
// two old ones only prove that a download is whole; they are taken because old indexes have nothing else.

import Crypto
import FoundationEssentials

/// What proves an archive.
public struct Digest: Equatable, Hashable, Sendable {
    /// The hash function.
    public enum Algorithm: String, Sendable, CaseIterable {
        /// SHA-256.
        case sha256 = "SHA-256"
        /// SHA-1, for old indexes.
        case sha1 = "SHA-1"
        /// MD5, for older ones.
        case md5 = "MD5"

        var bytes: Int {
            switch self {
            case .sha256: 32
            case .sha1: 20
            case .md5: 16
            }
        }
    }

    /// The hash function.
    public let algorithm: Algorithm
    /// Its value in lower-case hex digits.
    public let hex: String

    /// Takes hex digits; nil when they are not as many as the function gives.
    public init?(_ algorithm: Algorithm, hex: String) {
        guard hex.utf8.count == 2 * algorithm.bytes, hex.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        else { return nil }
        self.algorithm = algorithm
        self.hex = hex.lowercased()
    }

    /// Reads `SHA-256:0123...`; nil for other forms.
    public init?(checksum text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let algorithm = Algorithm(rawValue: parts[0].uppercased()) else { return nil }
        self.init(algorithm, hex: String(parts[1]).trimmed)
    }

    /// The name of the archive in the cache.
    var cacheName: String { algorithm == .sha256 ? hex : "\(algorithm.rawValue.lowercased())-\(hex)" }
}

/// Hashes bytes as they come.
struct Hasher {
    private enum State {
        case sha256(SHA256)
        case sha1(Insecure.SHA1)
        case md5(Insecure.MD5)
    }

    private var state: State
    private let algorithm: Digest.Algorithm

    init(_ algorithm: Digest.Algorithm) {
        self.algorithm = algorithm
        switch algorithm {
        case .sha256: state = .sha256(SHA256())
        case .sha1: state = .sha1(Insecure.SHA1())
        case .md5: state = .md5(Insecure.MD5())
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .sha256(var function):
            // The state is moved out while it is worked on, so that it is not copied with every piece.
            state = .md5(Insecure.MD5())
            function.update(bufferPointer: bytes)
            state = .sha256(function)
        case .sha1(var function):
            function.update(bufferPointer: bytes)
            state = .sha1(function)
        case .md5(var function):
            function.update(bufferPointer: bytes)
            state = .md5(function)
        }
    }

    /// The digest of everything so far, in hex digits.
    var hex: String {
        switch state {
        case .sha256(let function): Self.hex(function.finalize())
        case .sha1(let function): Self.hex(function.finalize())
        case .md5(let function): Self.hex(function.finalize())
        }
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}

extension String {
    /// The text without white space around it.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
