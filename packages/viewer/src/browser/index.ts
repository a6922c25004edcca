export { attachToHls } from '../player/hls.ts'
export { type BrowserViewerOptions, createBrowserViewer, createBrowserWorld, playWithTan } from './play.ts'
export { connectBrowserRtc } from './rtc.ts'
export { openBrowserSession } from './session.ts'
