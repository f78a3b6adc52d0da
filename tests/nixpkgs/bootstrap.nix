# The first store paths, copied from what the host has: a static bash and busybox, dynamic programs with
# their libraries, a C compiler with a static libc, a JDK.
{ system, host }:
let
  copy =
    name: script:
    derivation {
      inherit name system host;
      builder = "${host}/bin/busybox";
      args = [
        "sh"
        "-ec"
        ''
          PATH=$NIX_BUILD_TOP
          for applet in cat chmod cp find ln mkdir; do "$host/bin/busybox" ln -s "$host/bin/busybox" "$PATH/$applet"; done
          ${script}
        ''
      ];
    };

  libraries = copy "host-libraries" ''
    mkdir "$out"
    cp -R "$host/lib" "$out/lib"
  '';

  # Runs a dynamic program of the host: the loader that it asks for lies outside the store.
  run = "${libraries}/lib/ld.so --library-path ${libraries}/lib";
in
rec {
  bash = copy "bash" ''
    mkdir -p "$out/bin"
    cp "$host/bin/bash" "$out/bin/bash"
    ln -s bash "$out/bin/sh"
  '';

  bashInteractive = copy "bash-interactive" ''
    mkdir -p "$out/bin"
    cp "$host/bin/bash" "$out/bin/bash"
  '';

  # The fixture's `install` does what Debian's busybox cannot.
  busybox = copy "busybox" ''
    mkdir -p "$out/bin"
    cp "$host/bin/busybox" "$out/bin/busybox"
    for applet in $("$out/bin/busybox" --list); do
      case $applet in
      busybox | sh | ash | bash) ;;
      *) ln -s busybox "$out/bin/$applet" ;;
      esac
    done
    { echo '#!${bash}/bin/bash' && cat "$host/install"; } >"$out/bin/install"
    chmod 755 "$out/bin/install"
  '';

  program =
    name:
    copy name ''
      mkdir -p "$out/bin" "$out/libexec"
      cp "$host/bin/${name}" "$out/libexec/"
      { echo '#!${bash}/bin/bash' && echo "exec ${run} $out/libexec/${name}" '"$@"'; } >"$out/bin/${name}"
      chmod 755 "$out/bin/${name}"
    '';

  # cc: compiles one file with -c, or links a static program.
  tinycc = copy "tinycc" ''
    mkdir -p "$out/bin" "$out/libexec"
    cp "$host/bin/tcc" "$out/libexec/tcc"
    cp -R "$host/musl" "$host/tcc" "$out/"
    cat >"$out/bin/cc" <<END
    #!${bash}/bin/bash
    tcc() { exec ${run} $out/libexec/tcc -B$out/tcc "\$@"; }
    headers=(-nostdinc -I$out/tcc/include -I$out/musl/include)
    for word; do
      if [[ \$word == -c ]]; then tcc "\''${headers[@]}" "\$@"; fi
    done
    tcc -static -nostdlib "\''${headers[@]}" $out/musl/lib/crt1.o $out/musl/lib/crti.o "\$@" \
      $out/musl/lib/libc.a $out/tcc/libtcc1.a $out/musl/lib/crtn.o
    END
    chmod 755 "$out/bin/cc"
  '';

  # In the shape of nixpkgs' JDKs: lib/openjdk, and links to its programs in bin.
  jdk25_headless =
    copy "openjdk-headless" ''
      mkdir -p "$out/bin" "$out/lib"
      cp -R "$host/jdk" "$out/lib/openjdk"
      chmod -R u+w "$out"
      cd "$out/lib/openjdk"
      patchelf() { ${run} "$host/bin/patchelf" "$@"; }
      for file in $(find . -name '*.so') bin/* lib/jspawnhelper; do
        patchelf --force-rpath --set-rpath '$ORIGIN:$ORIGIN/..:$ORIGIN/../lib:${libraries}/lib' "$file"
      done
      for file in bin/* lib/jspawnhelper; do
        patchelf --set-interpreter ${libraries}/lib/ld.so "$file"
      done
      for file in bin/*; do
        ln -s "../lib/openjdk/$file" "$out/bin/"
      done
    ''
    // {
      version = builtins.head (
        builtins.match ".*JAVA_VERSION=\"([^\"]*)\".*" (builtins.readFile "${host}/jdk/release")
      );
      home = "${jdk25_headless}/lib/openjdk";
    };
}
