// Where a file is really asked for: the places given with --mirror first, else what ESP-IDF's two variables make of the
// URL (IDF_MIRROR_PREFIX_MAP, then IDF_GITHUB_ASSETS), else the URL itself.

/// The rules that turn a manifest's URL into those to ask.
public struct Mirrors: Sendable, Equatable {
    private var own: [Rule]
    private var prefixMap: [Rule]
    private var githubAssets: String?

    private struct Rule: Sendable, Equatable {
        var from: String
        var to: String
    }

    /// No mirrors.
    public static let none = Mirrors(own: [], prefixMap: [], githubAssets: nil)

    private init(own: [Rule], prefixMap: [Rule], githubAssets: String?) {
        self.own = own
        self.prefixMap = prefixMap
        self.githubAssets = githubAssets
    }

    /// Takes `FROM=TO` texts and the variables of the environment.
    ///
    /// FROM is the beginning of a URL, TO what it becomes; a TO that is an absolute path is a folder. Several rules
    /// for one FROM are tried one after the other. IDF_MIRROR_PREFIX_MAP has `REGEX,REPLACEMENT` rules, separated by
    /// semicolons and written as for Python's re.sub. Throws `usage` for a text without `=` and a variable that is not
    /// in its form.
    public init(_ texts: [String], environment: [String: String]) throws(ToolchainError) {
        own = []
        for text in texts { own.append(try Self.rule(text)) }
        prefixMap = []
        for item in (environment["IDF_MIRROR_PREFIX_MAP"] ?? "").split(separator: ";") {
            let parts = item.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Substitution(String(parts[0]), replacement: String(parts[1])) != nil else {
                throw .mirrorInvalid(String(item), place: "IDF_MIRROR_PREFIX_MAP")
            }
            prefixMap.append(Rule(from: String(parts[0]), to: String(parts[1])))
        }
        let assets = (environment["IDF_GITHUB_ASSETS"] ?? "").trimmed
        guard !assets.contains("://") else { throw .mirrorInvalid(assets, place: "IDF_GITHUB_ASSETS") }
        githubAssets = assets.isEmpty ? nil : assets
        while githubAssets?.hasSuffix("/") == true { githubAssets?.removeLast() }
    }

    /// The URLs to ask, the first one first.
    public func candidates(for url: String) -> [String] {
        let mirrored = own.filter { url.hasPrefix($0.from) }.map { $0.to + url.dropFirst($0.from.count) }
        if !mirrored.isEmpty { return mirrored }
        var changed = url
        for rule in prefixMap {
            // As ESP-IDF applies them: the first one that changes the URL is the last one.
            changed = Substitution(rule.from, replacement: rule.to)?.replacingAll(in: url) ?? url
            if changed != url { break }
        }
        let github = "https://github.com/"
        if let githubAssets, changed.hasPrefix(github) {
            changed = "https://\(githubAssets)/" + changed.dropFirst(github.count)
        }
        return [changed]
    }

    /// The places of a git repository, the first one first. ESP-IDF's variables are about files of releases, not about
    /// repositories.
    func candidates(forRepository url: String) -> [String] {
        let mirrored = own.filter { url.hasPrefix($0.from) }.map { $0.to + url.dropFirst($0.from.count) }
        return mirrored.isEmpty ? [url] : mirrored
    }

    /// The rules of --mirror and of the environment, in the form of IDF_MIRROR_PREFIX_MAP, for programs that heed it; nil
    /// without rules. A rule with a comma or semicolon in it cannot be told.
    var asPrefixMap: String? {
        let special = Set(#"\.^$*+?{}[]|()#&~"#)
        let given = own.filter { !($0.from + $0.to).contains { $0 == "," || $0 == ";" } }.map { rule in
            let pattern = rule.from.map { special.contains($0) ? "\\\($0)" : "\($0)" }.joined()
            return "^\(pattern),\(rule.to.replacing("\\", with: "\\\\"))"
        }
        let all = given + prefixMap.map { "\($0.from),\($0.to)" }
        return all.isEmpty ? nil : all.joined(separator: ";")
    }

    // A URL may hold `=` itself: the one before a scheme or a path counts, else the first.
    private static func rule(_ text: String) throws(ToolchainError) -> Rule {
        var split = text.firstIndex(of: "=")
        for index in text.indices where text[index] == "=" {
            let rest = text[text.index(after: index)...]
            if rest.hasPrefix("https://") || rest.hasPrefix("http://") || rest.hasPrefix("/")
                || rest.hasPrefix("file:///")
            {
                split = index
                break
            }
        }
        guard let split, split != text.startIndex else { throw .mirrorInvalid(text, place: "--mirror") }
        let to = String(text[text.index(after: split)...])
        guard ManifestNames.isURL(to) || to.hasPrefix("/") else { throw .mirrorInvalid(text, place: "--mirror") }
        return Rule(from: String(text[..<split]), to: to.hasPrefix("/") ? "file://" + to : to)
    }
}

extension ToolchainError {
    fileprivate static func mirrorInvalid(_ text: String, place: String) -> ToolchainError {
        .install(.mirrorInvalid(text: text, place: place))
    }
}
