# Sourced by build-with-cuda.sh. deps_arguments PREFIX: adds to `arguments` and `prefixes` what CMake needs
# to use Debian packages that were unpacked below PREFIX and not installed: their files still name /usr.
deps_arguments() {
    local root arch lib name wanted=()
    root=$(realpath -e "$1") || fail "--deps names no folder"
    arch=$(g++ -print-multiarch)
    lib=$root/usr/lib/$arch
    for name in pkgconfig/hdf5-serial.pc pkgconfig/yaml-cpp.pc pkgconfig/spdlog.pc pkgconfig/libxxhash.pc \
        pkgconfig/fmt.pc pkgconfig/libpng.pc pkgconfig/libjpeg.pc pkgconfig/libcrypto.pc; do
        [ -e "$lib/$name" ] || wanted+=("$name")
    done
    [ ${#wanted[@]} = 0 ] ||
        fail "$lib lacks ${wanted[*]}: unpack the packages there with scripts/fetch-packages.sh"
    export PKG_CONFIG_PATH=$lib/pkgconfig:$root/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
    prefixes="$root/usr;$prefixes"
    # Libraries that libraries need are looked for there too, at link time and at run time: the programs get
    # an RPATH, since a RUNPATH (a new dtag) holds for their own libraries alone.
    arguments+=("-DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags,-rpath-link,$lib:$root/lib/$arch"
        "-DCMAKE_BUILD_RPATH=$lib;$root/lib/$arch" "-DCMAKE_INSTALL_RPATH=$lib;$root/lib/$arch"
        "-DCMAKE_INSTALL_RPATH_USE_LINK_PATH=ON"
        "-DOPENSSL_ROOT_DIR=$root/usr" "-DHDF5_ROOT=$root/usr"
        "-DHDF5_C_COMPILER_EXECUTABLE=$root/h5cc")
    # The compiler wrappers of HDF5 and MPI print paths below /usr; this one prints those below PREFIX.
    printf '#!/bin/sh\necho cc -I%s -L%s -lhdf5\n' "$root/usr/include/hdf5/serial" "$lib/hdf5/serial" >"$root/h5cc"
    chmod +x "$root/h5cc"
    if ! command -v mpicc >/dev/null; then
        arguments+=("-DMPI_SKIP_COMPILER_WRAPPER=ON" "-DMPI_ASSUME_NO_BUILTIN_MPI=ON" "-DMPI_C_LIB_NAMES=mpi"
            "-DMPI_C_HEADER_DIR=$lib/openmpi/include" "-DMPI_mpi_LIBRARY=$lib/libmpi.so.40")
        # Open MPI's own RUNPATH hides the programs' RPATH from what it needs; linked directly, that is found.
        arguments+=("-DCMAKE_CXX_STANDARD_LIBRARIES=-Wl,--no-as-needed $(ls "$lib"/libopen-{rte,pal}.so.?? \
            "$lib"/libhwloc.so.?? "$lib"/libevent_{core,pthreads}-*.so.? | tr '\n' ' ')")
        echo "build-with-cuda: no mpicc here; Open MPI comes from $root (one machine only, no mpirun)" >&2
    fi
}
