# shellcheck shell=bash
# Two JDKs: the tool reaches the kernel through JNA on 17 to 21 and through FFM on 22 and later.

OLD_JDK='' NEW_JDK=''

look_for_jdks() {
	OLD_JDK=$(JAVA_HOME='' "$TOP/src/build/find-jdk" 17-21 javac) || OLD_JDK=
	NEW_JDK=$(JAVA_HOME='' "$TOP/src/build/find-jdk" 22 javac) || NEW_JDK=
}

install_old_jdk() {
	can_install || return 0
	apt_install "$(first_available openjdk-17-jdk-headless openjdk-21-jdk-headless || echo default-jdk-headless)"
	look_for_jdks
}

# For who only wants to run the tool.
provide_one_jdk() {
	look_for_jdks
	[[ -n $OLD_JDK$NEW_JDK ]] || install_old_jdk
	[[ -n $OLD_JDK$NEW_JDK ]] || die "there is no JDK of version 17 or later"
}

provide_jdks() {
	look_for_jdks
	[[ -n $OLD_JDK ]] || install_old_jdk
	if [[ -z $NEW_JDK ]] && can_install && package=$(first_available openjdk-25-jdk-headless openjdk-24-jdk-headless); then
		apt_install "$package"
		look_for_jdks
	fi
	[[ -n $OLD_JDK ]] || missing "a JDK of version 17 to 21: JnaKernel is not tested on the Java it is for"
	[[ -n $NEW_JDK ]] || missing "a JDK of version 22 or later: FfmKernel is neither built nor tested"
	[[ -n $OLD_JDK$NEW_JDK ]] || die "there is no JDK at all"
	export OLD_JDK NEW_JDK
}
