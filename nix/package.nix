# The tool, compiled with javac alone: a hash of a vendored Maven repository would break with every release of
# Maven. pom.xml tells Maven the same, and a test compares jars.json with it.
{
  lib,
  stdenv,
  fetchurl,
  runtimeShell,
  # Has the line editing that stdenv's bash lacks, for the shell at the failure.
  bashInteractive,
  # Compiles the tool; 22 or later compiles FfmKernel too.
  jdk,
  # Runs the tool; 17 or later.
  jre,
}:
let
  # The project's own version is the first in pom.xml.
  version = lib.head (
    lib.elemAt (builtins.split "<version>([^<]+)</version>" (builtins.readFile ../pom.xml)) 1
  );

  jars = map (
    jar:
    let
      directory = "${lib.replaceStrings [ "." ] [ "/" ] jar.groupId}/${jar.artifactId}/${jar.version}";
      file = "${jar.artifactId}-${jar.version}.jar";
    in
    {
      inherit file;
      source = fetchurl {
        url = "mirror://maven/${directory}/${file}";
        inherit (jar) hash;
      };
    }
  ) (lib.importJSON ./jars.json);

  hasFfm = lib.versionAtLeast jdk.version "22";
in
stdenv.mkDerivation {
  pname = "nix-build-shell";
  inherit version;

  # Only these directories of the repository, so that no other change makes it build again.
  src = builtins.path {
    path = ../src/main;
    name = "nix-build-shell-source";
  };
  state = ../hooks/state.sh;
  share = builtins.path {
    path = ../share;
    name = "nix-build-shell-share";
  };

  strictDeps = true;
  nativeBuildInputs = [ jdk ];

  buildPhase = ''
    runHook preBuild
    mkdir classes lib
    ${lib.concatMapStringsSep "\n" (jar: "ln -s ${jar.source} lib/${jar.file}") jars}
    find java -name '*.java' | sort >sources
    # The default links each string concatenation at its first use, which delays the start by 10 ms and more.
    javac --release 17 -encoding UTF-8 -proc:none -XDstringConcat=inline -cp 'lib/*' -d classes @sources
    ${lib.optionalString hasFfm ''
      find java22 -name '*.java' | sort >sources22
      javac --release 22 -encoding UTF-8 -proc:none -cp classes -d classes @sources22
    ''}
    cp -R resources/. classes/
    cp $state classes/nixbuildshell/shell/state.sh
    {
      echo 'Main-Class: nixbuildshell.cli.Main'
      echo 'Class-Path: ${lib.concatMapStringsSep " " (jar: "lib/${jar.file}") jars}'
      echo 'Implementation-Title: nix-build-shell'
      echo 'Implementation-Version: ${version}'
      echo 'Enable-Native-Access: ALL-UNNAMED'
    } >manifest
    (cd classes && find . -type f | sort) | sed 's|^\./||' >classes.list
    (cd classes && jar --create --file ../nix-build-shell.jar --manifest ../manifest \
      --date=1980-01-01T00:00:02+00:00 @../classes.list)
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    home=$out/share/nix-build-shell
    mkdir -p $out/bin
    cp -R $share $out/share
    chmod -R u+w $out/share
    mkdir $home
    cp nix-build-shell.jar launcher/java-options $home/
    cp -R lib $home/lib
    # The cache names the time of the jar, which is 1 in the store.
    touch -d @1 $home/nix-build-shell.jar
    sh launcher/make-cache ${jre} $home/nix-build-shell.jar $home/class-cache
    case $(echo $home/class-cache.*) in
      *.aot) cache="-XX:AOTCache=$home/class-cache.aot \$large" ;;
      *.jsa) cache=-XX:SharedArchiveFile=$home/class-cache.jsa ;;
      *) cache= ;;
    esac
    {
      echo '#!${runtimeShell}'
      # If a descriptor is closed, the command would get one of the JVM's own files in its place.
      echo '[ -e /proc/self/fd/0 ] || exec </dev/null'
      echo '[ -e /proc/self/fd/1 ] || exec >/dev/null'
      echo '[ -e /proc/self/fd/2 ] || exec 2>/dev/null'
      echo 'export NIX_BUILD_SHELL_BASH="''${NIX_BUILD_SHELL_BASH-${bashInteractive}/bin/bash}"'
      # Large pages for the heap save a twentieth of the start. For them the JVM changes what core dumps contain; the tool, whose
      # command inherits that, sets it back.
      echo 'large= filter=/proc/self/coredump_filter'
      echo '[ ! -r $filter ] || ! IFS= read -r dumps <$filter ||'
      echo '  large="-XX:+UseTransparentHugePages -Dnix-build-shell.coredump_filter=$dumps"'
      echo "exec ${jre}/bin/java @$home/java-options $cache -cp $home/nix-build-shell.jar nixbuildshell.cli.Main" '"$@"'
    } >$out/bin/nix-build-shell
    chmod 755 $out/bin/nix-build-shell
    runHook postInstall
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    $out/bin/nix-build-shell --version | grep -F 'nix-build-shell ${version} '
    runHook postInstallCheck
  '';

  passthru = {
    inherit jdk jre;
  };

  meta = {
    description = "Enter the sandbox of a failed Nix build";
    license = lib.licenses.mit;
    mainProgram = "nix-build-shell";
    platforms = [
      "x86_64-linux"
      "aarch64-linux"
    ];
  };
}
