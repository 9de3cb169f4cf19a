/** Those that chats use most; keyboards have the others. */
export const EMOJI: readonly string[] = [
  ..."😀😂🤣😊😍🥰😎🤔😅😭😡😱🥳🤯😴🙄",
  ..."👍👎👏🙏💪👋🤝✌🔥🎉🚀💯⭐🌈🎵🎮",
  ..."🧡💛💚💙💜🖤💔👀🐱🐶🦊🍕☕🍺⚽🏆",
];
